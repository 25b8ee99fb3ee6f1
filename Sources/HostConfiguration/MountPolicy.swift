import Foundation
import Glibc
import LinuxIO

/// Decides which directories of the box a group's tools see below /workspace/extra.
package enum MountPolicy {
    /// A directory that may be mounted, its path free of links.
    package struct Grant: Sendable, Equatable {
        package let name: String
        package let path: String
        package let isWritable: Bool
        /// `st_dev` and `st_ino`: the directory itself, whatever its path leads to later.
        package let device: UInt64
        package let inode: UInt64
    }

    /// Names of files and folders that hold secrets; also with an ending, such as `.env.local`.
    package static let blocked = [
        ".ssh", ".gnupg", ".gpg", ".aws", ".azure", ".gcloud", ".kube", ".docker", ".env", ".netrc", ".npmrc",
        ".pypirc",
        ".git-credentials", ".password-store", ".pki", ".secret", ".secrets", ".vault-token", "credentials", "secrets",
        "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "private_key", "keyrings",
    ]

    /// A directory with more of them is not looked through.
    private static let mostNames = 10_000

    private static let systemRoots = [
        "/", "/proc", "/sys", "/dev", "/etc", "/boot", "/run", "/var", "/usr", "/home", "/root",
    ]

    /// The directories that the group of this folder gets of those it asked for by name.
    ///
    /// Throws ``ConfigurationError`` `mount` for a name that is not in `config.yaml` or not for this group, for a
    /// directory that is missing or holds secrets: looked at through a descriptor, links resolved; and for a path that leads
    /// through the home or another mount that agents write: they would choose which directory it is.
    package static func grants(
        _ names: [String],
        folder: String,
        home: String,
        configuration: HostConfiguration
    ) throws -> [Grant] {
        try names.map { name in
            guard let mount = configuration.mounts.first(where: { $0.name == name }) else {
                throw refusal(name, "there is no such mount in config.yaml")
            }
            guard mount.groups.contains(folder) || mount.groups.contains("*") else {
                throw refusal(name, "mounts.\(name).groups in config.yaml does not name \(folder)")
            }
            return try grant(mount, home: home, others: configuration.mounts.filter { $0.name != name })
        }
    }

    /// Checks what can be said without looking at the disk.
    static func checkText(_ mount: HostConfiguration.Mount, source: String) throws {
        let key = "mounts.\(mount.name).path"
        if mount.path.isEmpty { throw ConfigurationError(.badValue, source: source, key: key, "is missing") }
        if let reason = complaint(mount.path) {
            throw ConfigurationError(.badValue, source: source, key: key, reason)
        }
    }

    private static func grant(
        _ mount: HostConfiguration.Mount,
        home: String,
        others: [HostConfiguration.Mount]
    ) throws -> Grant {
        let directory: Directory
        do {
            try checkWay(mount, home: home, others: others)
            directory = try Directory(path: mount.path)
        } catch let error as Errno {
            throw refusal(mount.name, "cannot be opened as a directory: \(error)")
        }
        let path = try link("/proc/self/fd/\(directory.descriptor.number)", mount.name)
        if let reason = complaint(path) { throw refusal(mount.name, "\(mount.path) is \(path): \(reason)") }
        let own = URL(fileURLWithPath: home).resolvingSymlinksInPath().path
        if isWithin(path, own) || isWithin(own, path) {
            throw refusal(mount.name, "\(path) and NanoClaw's own home \(own) lie within each other")
        }
        if let secret = try names(directory, mount.name, path).first(where: isBlocked) {
            throw refusal(mount.name, "\(path) holds \(secret): mount a folder without it")
        }
        let status = try directory.descriptor.status()
        return Grant(
            name: mount.name,
            path: path,
            isWritable: mount.isWritable,
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino)
        )
    }

    /// Refuses a path that goes through a directory that agents write, as it is written or by a link.
    private static func checkWay(
        _ mount: HostConfiguration.Mount,
        home: String,
        others: [HostConfiguration.Mount]
    ) throws {
        if try Directory.leads(mount.path, through: home) {
            throw refusal(mount.name, "\(mount.path) leads through NanoClaw's own home \(home)")
        }
        for other in others where other.isWritable {
            guard try Directory.leads(mount.path, through: other.path) else { continue }
            throw refusal(
                mount.name,
                "\(mount.path) leads through \(other.path), in which agents could put a link in its place: in config.yaml "
                    + "take away mounts.\(other.name).readWrite, or give mounts.\(mount.name).path a folder outside of it"
            )
        }
    }

    /// The direct content, in which secrets are looked for.
    private static func names(_ directory: Directory, _ name: String, _ path: String) throws -> [String] {
        do { return try directory.names(limit: mostNames) } catch let error as Errno where error.code == E2BIG {
            throw refusal(
                name,
                "\(path) holds more than \(mostNames) names, too many to be looked through for secrets: move them into a "
                    + "folder in it, which counts as one, or mount the folder around it"
            )
        } catch {
            throw refusal(name, "\(path) cannot be looked through for secrets: \(error)")
        }
    }

    private static func complaint(_ path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        if parts.contains("..") { return "\"\(path)\" holds \"..\"" }
        if systemRoots.contains("/" + parts.joined(separator: "/")) { return "\(path) is not given to an agent whole" }
        if ["proc", "sys", "dev"].contains(parts.first) { return "\(path) belongs to the kernel" }
        if let secret = parts.first(where: isBlocked) { return "\(path) holds \(secret), a name for secrets" }
        return nil
    }

    private static func isBlocked(_ name: String) -> Bool {
        let name = name.lowercased()
        return blocked.contains { name == $0 || name.hasPrefix($0 + ".") } || name.hasSuffix(".pem")
    }

    private static func isWithin(_ path: String, _ other: String) -> Bool { (path + "/").hasPrefix(other + "/") }

    private static func link(_ path: String, _ name: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = buffer.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return -1 }
            return readlink(path, start.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard length > 0, length < buffer.count else { throw refusal(name, "\(Errno.last("readlink \(path)"))") }
        return String(decoding: buffer.prefix(length), as: UTF8.self)
    }

    private static func refusal(_ name: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(.mount, source: "mount \"\(name)\"", reason)
    }
}
