import CLinux
import Glibc

/// The tier's /etc: files of our own about people and names, and read-only parts of the box's.
struct EtcFiles {
    let root: String
    /// Home directory of the one account.
    let home: String
    let shared: [String]

    func write() throws(StepError) {
        for (name, text) in own {
            try step("write /etc/\(name)", clinux_make_file("\(root)/etc/\(name)", text, 0o644))
        }
        for path in shared { try share("/etc/\(path)") }
    }

    private var own: [(String, String)] {
        [
            (
                "passwd",
                "root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:1000:1000:agent:\(home):/bin/sh\n"
                    + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
            ),
            ("group", "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n"),
            ("hosts", "127.0.0.1 localhost nanoclaw\n"),
            ("hostname", "nanoclaw\n"),
            ("resolv.conf", "# No name is resolved here: the proxy at 127.0.0.1:3128 does it.\n"),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n"),
        ]
    }

    /// What programs look up.
    ///
    /// Nothing secret, nothing that names people of the box.
    static let runner = ["ld.so.cache", "localtime", "os-release"]
    static let tools =
        runner + [
            "alternatives", "chromium.d", "debian_version", "fonts", "magic", "mime.types", "protocols", "python3",
            "services", "ssl/certs",
            "ssl/openssl.cnf",
        ]

    private func share(_ path: String) throws(StepError) {
        var target = [CChar](repeating: 0, count: 512)
        let kind = clinux_kind(path, &target, target.count)
        if kind == 0 || kind < 0 { return }
        if path.hasPrefix("/etc/ssl/") { try step("mkdir /etc/ssl", clinux_make_directory(root + "/etc/ssl", 0o755)) }
        if kind == 2 {
            // A link into /usr holds inside as well.
            try step("link \(path)", clinux_make_link(target, root + path))
            return
        }
        if kind == 1 {
            try step("mkdir \(path)", clinux_make_directory(root + path, 0o755))
        } else {
            try step("make \(path)", clinux_make_file(root + path, "", 0o644))
        }
        let tree = try step("open_tree \(path)", clinux_open_tree(AT_FDCWD, path, 1))
        let restrictions = Int32(CLINUX_MOUNT_READ_ONLY | CLINUX_MOUNT_NO_EXEC)
        try step("mount_setattr \(path)", clinux_restrict_mount(tree, "", restrictions, 1, -1))
        try step("attach \(path)", clinux_attach(tree, root + path))
        close(tree)
    }
}
