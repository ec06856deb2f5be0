import type { Serve } from '@keyturn/apigee-simulator/apigee-world';
import type { Fault, InjectedFault, NodeTiming, RequestRecord } from '@keyturn/apigee-simulator/simulator';

export type SimulatorOptions = {
  /** Milliseconds since 1970; the wall clock when absent. */
  readonly clock?: { now(): number };
  /** Three nodes without any delay when absent. `productPropagationMs`: until a node knows that a usage plan has a key. */
  readonly nodes?: readonly NodeTiming[];
  /** AWS allows 10,000 in a Region. */
  readonly maxKeys?: number;
  /** Of CreateApiKey and of DeleteApiKey, each; 5 when absent, as AWS documents it. */
  readonly callsPerSecond?: number;
  /** A call shows in the usage data only so long after it; at once when absent. */
  readonly usageLagMs?: number;
  /** Ten small letters and digits that no call gave before; by chance when absent. */
  readonly newId?: () => string;
  /** Forty letters and digits that no call gave before, for a key whose value nobody chose; by chance when absent. */
  readonly newValue?: () => string;
};

export type SeedPlan = {
  readonly id: string;
  readonly name?: string;
  /** `<api>/<stage>`; the gateway serves everything below `/<api>/<stage>/`. */
  readonly stages: readonly string[];
};

export type SeedKey = {
  readonly name: string;
  readonly id?: string;
  readonly value?: string;
  readonly description?: string | undefined;
  readonly customerId?: string | undefined;
  readonly enabled?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /** Ids of usage plans. */
  readonly plans?: readonly string[];
};

export type KeyView = {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly enabled: boolean;
  readonly description: string | undefined;
  readonly customerId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly plans: readonly string[];
  readonly createdAt: number;
};

/** What a person does in the console: no request, no log row, seen by the nodes with their usual delay. */
export type Hand = {
  /** Every node knows it at once. */
  addKey(key: SeedKey): KeyView;
  setEnabled(id: string, enabled: boolean): void;
  rename(id: string, name: string): void;
  setTags(id: string, tags: Readonly<Record<string, string>>): void;
  attach(id: string, plan: string): void;
  detach(id: string, plan: string): void;
  deleteKey(id: string): void;
  /** Takes the stages out of a usage plan, or puts them in again. */
  setOpen(plan: string, open: boolean): void;
  deletePlan(plan: string): void;
};

/** API Gateway without servers: nothing listens, and nothing happens but what is called. */
export type ApiGatewayWorld = {
  /** The control plane, as the SDK speaks with it. Every effect of a call is there when it returns. */
  readonly management: Serve;
  /** Each node of the data plane by itself. */
  readonly nodes: readonly Serve[];
  /** All nodes in turn, one request each. */
  readonly gateway: Serve;
  /** Whether each node would let the value in at this path now; no request, and no node remembers it. */
  acceptedBy(value: string, path: string): readonly boolean[];
  /** Adds usage plans. */
  seed(plans: readonly SeedPlan[]): void;
  /** Every key, oldest first. */
  keys(): readonly KeyView[];
  readonly hand: Hand;
  /** The next matching requests end as the fault says; surfaces `management` and `gateway`. */
  inject(fault: Fault): InjectedFault;
  clearFaults(): void;
  /** Every request so far; `operation` is the SDK's name of it. */
  requests(): readonly RequestRecord[];
};

export type ApiGatewaySimulator = Omit<ApiGatewayWorld, 'management' | 'nodes' | 'gateway'> & {
  readonly managementUrl: string;
  /** In front of all nodes. */
  readonly gatewayUrl: string;
  readonly nodeUrls: readonly string[];
  close(): Promise<void>;
};
