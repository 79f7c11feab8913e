import { memoryLedger } from '../../src/ledger/index.js';
import { describeLedger } from './ledger.js';

describeLedger('memoryLedger', memoryLedger);
