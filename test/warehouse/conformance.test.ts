import { testWarehouse } from '../conformance/warehouse.ts';
import { withWarehouse } from './folder.ts';

testWarehouse('DuckDB', withWarehouse);
