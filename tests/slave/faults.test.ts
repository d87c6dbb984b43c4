import { describeFaults } from '../support/child-faults.ts';

describeFaults('ns-tool slave', [{ args: ['slave', '--'] }, { args: ['slave', '--json', '--'] }]);
