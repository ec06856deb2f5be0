# Changes our lines of one authorized_keys file, and answers with one line of JSON. POSIX sh, run by the SSM agent as root, after a prologue that sets
# operation, group, key, mark, options (base64), before (seconds since 1970), block, user and file; see host-document.ts.
# Lines between `# BEGIN keyturn <block>` and `# END keyturn <block>` are ours; of all others only the one line that a person hands over is ever moved.
# Exit codes: 0 done; 64 and up: nothing was changed, and "code" of the answer says why.
set -u
LC_ALL=C
export LC_ALL operation key mark options before block user file
umask 077
# For a simulated host: another root of the file system, and another time.
root=${KEYTURN_ROOT:-}
export root

answer() { printf '{"v":1,"code":"%s"}\n' "$1"; exit "$2"; }

uid=$(id -u "$user" 2>/dev/null) || answer no-user 64
case $file in
'~/'*)
  home=$(getent passwd "$user" 2>/dev/null | cut -d: -f6)
  [ -n "$home" ] || home=$(awk -F: -v name="$user" '$1 == name { print $6 }' /etc/passwd)
  [ -n "$home" ] || answer no-user 64
  path=$root$home/${file#??}
  ;;
*) path=$root$file ;;
esac
dir=${path%/*}
name=${path##*/}
export name

# Whoever owns the folder does the work: what a person may turn into a link leads no further than that person gets anyway.
parent=${dir%/*}
[ -d "$dir" ] && [ ! -L "$dir" ] && place=$dir || place=$parent
[ ! -L "$dir" ] || answer unsafe-path 65
cd "$place" 2>/dev/null || answer unsafe-path 65
sub=.
[ "$place" = "$dir" ] || sub=${dir##*/}
export sub
set -- $(ls -ldn .)
case $1 in ?????w*|????????w*) answer unsafe-path 65 ;; esac
owner=$3
me=$(id -u)
export uid me

work=$(cat <<'WORK'
answer() { printf '{"v":1,"code":"%s"}\n' "$1"; exit "$2"; }

if [ "$sub" != . ] && [ "$operation" != list ]; then
  mkdir -m 700 "$sub" 2>/dev/null || [ -d "$sub" ] || answer cannot-write 66
fi
if [ "$sub" != . ]; then
  [ ! -L "$sub" ] || answer unsafe-path 65
  if [ -d "$sub" ]; then cd "$sub" 2>/dev/null || answer unsafe-path 65; else name=.keyturn-none; fi
fi
[ ! -L "$name" ] || answer unsafe-path 65
if [ -e "$name" ]; then [ -f "$name" ] && [ -r "$name" ] || answer unsafe-path 65; fi

program='
function is_type(text) { return text ~ /^(ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+[ \t]/ }
# Sets K (type and key), O (options) and C (comment).
function parse(text,   i, n, c, quoted) {
  K = ""; O = ""; C = ""
  sub(/\r$/, "", text); sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text)
  if (text == "" || text ~ /^#/) return 0
  if (!is_type(text)) {
    n = length(text); quoted = 0
    for (i = 1; i <= n; i++) {
      c = substr(text, i, 1)
      if (c == "\\" && substr(text, i + 1, 1) == "\"") { i++; continue }
      if (c == "\"") quoted = !quoted
      else if (!quoted && (c == " " || c == "\t")) break
    }
    if (i > n) return 0
    O = substr(text, 1, i - 1); text = substr(text, i); sub(/^[ \t]+/, "", text)
    if (!is_type(text)) return 0
  }
  n = match(text, /[ \t]/); K = substr(text, 1, n - 1); text = substr(text, n); sub(/^[ \t]+/, "", text)
  n = match(text, /[ \t]/)
  if (n == 0) { K = K " " text; return 1 }
  K = K " " substr(text, 1, n - 1); C = substr(text, n); sub(/^[ \t]+/, "", C)
  return 1
}
function line_of(o, k, c) { return (o == "" ? "" : o " ") k (c == "" ? "" : " " c) }
function stop(code) { print code > "/dev/stderr"; stopped = 1; exit 1 }
function tail_of(k) { return substr(k, length(k) - 23) }
function ours(c) { return index(c, owner) == 1 }
BEGIN {
  operation = ENVIRON["operation"]; key = ENVIRON["key"]; mark = ENVIRON["mark"]; options = ENVIRON["plain"]
  first = "# BEGIN keyturn " ENVIRON["block"]; last = "# END keyturn " ENVIRON["block"]; off = "#keyturn-off "; had = "#keyturn-had "
  owner = mark; sub(/[^\/]*$/, "", owner)
  n = 0; begins = 0; ends = 0; inside = 0
}
{
  n++; text[n] = $0; kind[n] = "text"; where[n] = inside ? "in" : "out"
  bare = $0; sub(/\r$/, "", bare)
  if (bare == first) { if (begins) broken = 1; begins++; inside = 1; kind[n] = "begin"; next }
  if (bare == last) { if (!inside) broken = 1; ends++; inside = 0; kind[n] = "end"; next }
  if (inside && index(bare, had) == 1) { kind[n] = "had"; K = substr(bare, length(had) + 1); ks[n] = K; hads++; next }
  if (index(bare, off) == 1) { if (parse(substr(bare, length(off) + 1))) { kind[n] = "off"; ks[n] = K; os[n] = O; cs[n] = C }; next }
  if (parse(bare)) { kind[n] = "on"; ks[n] = K; os[n] = O; cs[n] = C }
}
END {
  if (stopped) exit 1
  if (broken || begins != ends || begins > 1) stop("hand-edited")
  if (operation == "list") {
    if (begins) print "B"
    for (i = 1; i <= n; i++) {
      if (kind[i] == "had") print "H " ks[i]
      if (kind[i] == "on" || kind[i] == "off")
        print (where[i] == "in" ? (kind[i] == "on" ? "I" : "i") : (kind[i] == "on" ? "O" : "o")) " " line_of(os[i], ks[i], cs[i])
    }
    exit 0
  }
  was_had = 0; others = 0; found = 0; enabled = 0; disabled = 0; outside = 0; foreign = 0; unmarked = 0; o = options; given = 0
  for (i = 1; i <= n; i++) {
    if (kind[i] == "had" && ks[i] == tail_of(key)) was_had = 1
    if (kind[i] != "on" && kind[i] != "off") continue
    if (ks[i] != key) { if (kind[i] == "on" && os[i] !~ /expiry-time=/) others++; continue }
    found++
    if (kind[i] == "on") enabled++; else disabled++
    if (where[i] == "out") { outside++; continue }
    if (cs[i] == "") unmarked++
    else if (operation == "add" ? cs[i] != mark : !ours(cs[i])) foreign++
  }
  if (operation == "join") {
    if (found || was_had) stop("known")
  } else if (operation == "add") {
    if (foreign) stop("other-mark")
    if (disabled) stop("key-disabled")
  } else if (operation == "mark") {
    if (!found) stop("no-key")
    if (foreign) stop("other-mark")
  } else {
    if (!found && operation == "enable") stop("no-key")
    if (found && (foreign || unmarked || outside == found)) stop("other-mark")
    if (outside) stop("copied")
    if (operation != "enable" && enabled && !others) stop("last-key")
  }
  adds = (operation == "add" || operation == "join") && !found
  moves = (operation == "add" || operation == "mark") && outside
  notes = (operation == "add" || operation == "join" || operation == "mark") && !was_had
  drop = hads - 39
  for (i = 1; i <= n; i++) {
    if (kind[i] == "end") { fill(); print text[i]; continue }
    if (kind[i] == "had" && notes && drop-- > 0) continue
    if ((kind[i] == "on" || kind[i] == "off") && ks[i] == key) {
      if (operation == "remove" || (moves && where[i] == "out")) continue
      if (operation == "disable" && kind[i] == "on") { print off line_of(os[i], ks[i], cs[i]); continue }
      if (operation == "enable" && kind[i] == "off") { print line_of(os[i], ks[i], cs[i]); continue }
      if (operation == "add" || operation == "mark") { print taken(i); continue }
    }
    print text[i]
  }
  if (!begins && (adds || moves || notes)) { print first; fill(); print last }
}
function taken(i) { return (kind[i] == "off" ? off : "") line_of(operation == "add" ? options : os[i], ks[i], mark) }
function fill(   j) {
  if (adds) print line_of(options, key, mark)
  for (j = 1; moves && j <= n; j++)
    if ((kind[j] == "on" || kind[j] == "off") && ks[j] == key && where[j] == "out")
      print taken(j)
  if (notes) print had tail_of(key)
}
'

decode() { base64 -d 2>/dev/null || openssl base64 -d -A; }
encode() { if command -v base64 >/dev/null 2>&1; then base64; else openssl base64; fi | tr -d '\n'; }
content() { if [ -e "$name" ]; then cat "$name"; fi; }
plain=$(printf %s "$options" | decode) || answer bad-request 67
export plain

tell() {
  code=$(operation=list; export operation; content | awk "$program" 2>&1 >/dev/null)
  [ -z "$code" ] || answer "$code" 68
  keys=$(operation=list; export operation; content | awk "$program" | encode)
  host=
  if [ "$operation" = list ]; then
    host=$({
      awk 'tolower($1) == "port" { print "port " $2; exit }' "$root/etc/ssh/sshd_config" 2>/dev/null
      for kind in ed25519 ecdsa rsa; do
        line=$(awk 'NR == 1 { print $1 " " $2 }' "$root/etc/ssh/ssh_host_${kind}_key.pub" 2>/dev/null) || continue
        [ -z "$line" ] || { printf 'key %s\n' "$line"; [ "$kind" != ecdsa ] || break; }
      done
    } | encode)
  fi
  printf '{"v":1,"code":"ok","keys":"%s","host":"%s"}\n' "$keys" "$host"
}
if [ "$operation" = list ]; then tell; exit 0; fi

# One at a time. The lock of a killed script ends with it, or after five minutes.
if command -v flock >/dev/null 2>&1; then
  exec 9>".$name.keyturn-lock" || answer cannot-write 66
  flock -w 20 9 || answer busy 69
else
  lock=.$name.keyturn-lock.d
  tries=0
  until mkdir "$lock" 2>/dev/null; do
    [ -d "$lock" ] || answer cannot-write 66
    [ -z "$(find "$lock" -prune -mmin +5 2>/dev/null)" ] || { rmdir "$lock" 2>/dev/null; continue; }
    tries=$((tries + 1))
    [ "$tries" -le 20 ] || answer busy 69
    sleep 1
  done
  trap 'rmdir "$lock" 2>/dev/null' EXIT
fi
[ "${KEYTURN_NOW:-$(date +%s)}" -le "$before" ] || answer too-late 70

# In the same folder, so that the rename is one step: whoever reads sees the old file or the new one.
next=.$name.keyturn-$$
if [ -e "$name" ]; then
  cp -p "$name" "$next" 2>/dev/null || { rm -f "$next"; answer cannot-write 66; }
  # Mode, owner and label of a file that is not ours to write still have to be kept.
  [ -w "$next" ] || { mode=$(ls -ld "$name"); chmod u+w "$next"; }
else
  : >"$next" || answer cannot-write 66
  # sshd reads the file as the user whose it is.
  [ "$me" != 0 ] || [ "$uid" = 0 ] || chmod 644 "$next"
fi
code=$(content | awk "$program" 2>&1 >"$next")
if [ -n "$code" ]; then
  rm -f "$next"
  case $code in hand-edited | known | other-mark | key-disabled | no-key | copied | last-key) answer "$code" 68 ;; *) answer cannot-write 66 ;; esac
fi
if content | cmp -s - "$next"; then
  rm -f "$next"
else
  [ -s "$next" ] || { rm -f "$next"; answer cannot-write 66; }
  case ${mode:-} in ??-*) chmod u-w "$next" ;; esac
  if [ -e "$name" ]; then chcon --reference="$name" "$next" 2>/dev/null; else restorecon "$next" 2>/dev/null; fi
  sync "$next" 2>/dev/null
  mv -f "$next" "$name" 2>/dev/null || { rm -f "$next"; answer cannot-write 66; }
fi
tell
WORK
)

if [ "$owner" = "$me" ]; then
  sh -c "$work"
elif [ "$me" = 0 ] && [ "$owner" = "$uid" ]; then
  if command -v runuser >/dev/null 2>&1; then runuser -u "$user" -- sh -c "$work"; else su -s /bin/sh "$user" -c "$work"; fi
else
  answer unsafe-path 65
fi
