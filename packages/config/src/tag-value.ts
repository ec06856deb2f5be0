/** What AWS allows in a tag, less the equals sign; never a URL: tags pick ids, the configuration has the hosts. */
export function isTagValue(text: string): boolean {
  return /^[A-Za-z0-9 _.:/@+-]{1,256}$/.test(text) && !text.includes('://');
}
