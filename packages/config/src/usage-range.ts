/** How far back the statistics of Apigee are read, in milliseconds: of 85 keys that are used every hour, this is as much as one answer holds. */
export const usageRangeMs = 7 * 24 * 3_600_000;
