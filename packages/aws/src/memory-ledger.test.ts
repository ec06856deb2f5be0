import { testLedger } from './ledger.conformance.ts';
import { memoryLedger } from './memory-ledger.ts';

testLedger('memoryLedger', memoryLedger);
