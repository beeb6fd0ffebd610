/** By their numbers in statfs(2): include/uapi/linux/magic.h; ZFS and bcachefs are not in it. */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0xca451a4e, // bcachefs
  0x4d44, // FAT
  0x2011bab0, // exFAT
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlay
]);

/**
 * Whether this kernel alone writes the files of a file system, and gives leases by who has them open. NFSv4 and CIFS refuse
 * a lease with EAGAIN wherever their server gave them none (no delegation, no oplock), whoever has the file open
 * (nfs4_proc_setlease, cifs_setlease). Behind FUSE, AFS or OCFS2 other machines may write, of which a lease knows nothing.
 */
export function isAlone(type: number): boolean {
  return LOCAL.has(type >>> 0);
}
