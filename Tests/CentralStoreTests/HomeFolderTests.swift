import TestSupport
import Testing

@testable import CentralStore

/// On which file systems a home may lie.
struct HomeFolderTests {
    @Test(
        arguments: [
            (0x6969, "NFS"), (0x517B, "SMB"), (0xFF53_4D42, "SMB"), (0xFE53_4D42, "SMB"), (0x6573_5546, "FUSE"),
            (0x0102_1997, "9p"), (0x5346_414F, "AFS"), (0x00C3_6400, "Ceph"), (0x7375_7245, "Coda"),
            (0x786F_4256, "VirtualBox"), (0x0BD0_0BD0, "Lustre"), (0x0116_1970, "GFS2"), (0x7461_636F, "OCFS2"),
        ] as [(UInt32, String)]
    )
    func `T24 a file system without dependable locks is refused by name`(magic: UInt32, name: String) throws {
        #expect(try #require(HomeFolder.refused(magic)).contains(name))
    }

    @Test(arguments: [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1] as [UInt32])
    func `ext4, xfs, btrfs, tmpfs, overlay and ZFS are taken`(magic: UInt32) {
        #expect(HomeFolder.refused(magic) == nil)
    }

    @Test func `T24 a mount's type is found by its number, and refuses where the server's own answer hides it`() throws
    {
        let mounts = """
            29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            129 29 0:50 / /mnt/9p rw,relatime shared:70 master:3 - 9p shared rw,access=client,trans=virtio
            130 29 0:51 / /mnt/x rw - fuse.bindfs /below rw

            """
        let kind = { (id: Int) in MountedFileSystem.type(facts: "pos:\t0\nmnt_id:\t\(id)\nino:\t1\n", mounts: mounts) }
        #expect(kind(129) == "9p" && kind(29) == "ext4" && kind(130) == "fuse.bindfs" && kind(9) == nil)
        #expect(try #require(MountedFileSystem.type(at: "/proc")) == "proc")
    }

    @Test func `what is not there yet is not refused`() async throws {
        try await withTemporaryDirectory { path in
            let refused = try HomeFolder.refused(at: path + "/nothing")
            #expect(refused == nil)
            #expect(CentralStore.refusedFileSystem(home: path) == nil)
        }
    }
}
