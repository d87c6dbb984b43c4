import { describeFaults } from '../support/child-faults.ts';

describeFaults(
  'ns-tool unshare and the demonstrations that fork',
  [
    { args: ['unshare', '-m'] },
    { args: ['unshare', '-Urm'], uid: 54321 },
    { args: ['unshare', '-mpf', '--mount-proc'], isInit: true },
    { args: ['unshare', '-p', '--setgroups=deny', '-U'] },
    { args: ['unshare', '-T', '--monotonic=5'] },
    { args: ['clone', '--'], isInit: true, forks: true },
    { args: ['pid', '--user', '--'], isInit: true, forks: true },
    { args: ['unshare', '--map-users=1000,0,10', '--map-groups=1000,0,10', '-S', '5', '-G', '6'] },
    { args: ['unshare', '-m', '--propagation=slave', '-R', '/small-root', '-w', '/usr', '-S', '5', '-G', '6'] },
  ],
  {
    prepare:
      'mkdir -p /small-root/usr && mount --bind /usr /small-root/usr && ln -s usr/bin usr/lib usr/lib64 /small-root',
  },
);
