import CLinux
import Glibc

/// Hides what a fresh /proc tells of the box, and what it would let a process change.
struct ProcMasks {
    let root: String

    func apply() throws(StepError) {
        try each(0) { path throws(StepError) in
            try cover(path, with: path, "mask", restrictions: CLINUX_MOUNT_READ_ONLY | CLINUX_MOUNT_NO_EXEC)
        }
        try each(1) { path throws(StepError) in
            try cover(
                path,
                with: root + "/dev/null",
                "cover",
                restrictions: CLINUX_MOUNT_READ_ONLY | CLINUX_MOUNT_NO_EXEC
            )
        }
        try each(2) { path throws(StepError) in
            try step("empty \(path)", clinux_tmpfs(path, 4096, 2, 0o555, 0, 0, Int32(CLINUX_MOUNT_READ_ONLY)))
        }
    }

    private func cover(_ path: String, with source: String, _ verb: String, restrictions: Int32) throws(StepError) {
        let tree = try step("\(verb) \(path): open_tree", clinux_open_tree(AT_FDCWD, source, 0))
        try step("\(verb) \(path): mount_setattr", clinux_restrict_mount(tree, "", restrictions, 0, -1))
        try step("\(verb) \(path): attach", clinux_attach(tree, path))
        close(tree)
    }

    /// Those entries of a list that this kernel has.
    private func each(
        _ kind: Int32,
        _ body: (String) throws(StepError) -> Void
    ) throws(StepError) {
        var index: Int32 = 0
        while let name = clinux_proc_mask(kind, index) {
            index += 1
            let path = root + "/proc/" + String(cString: name)
            var target: [CChar] = [0]
            if clinux_kind(path, &target, 1) > 0 { try body(path) }
        }
    }
}
