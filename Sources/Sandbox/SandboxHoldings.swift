package import LinuxIO

/// What a sandbox's processes hold of a disk beyond what stands in its folders.
package struct SandboxHoldings: Sendable, Equatable {
    /// Open files of the home's disk that have no name any more.
    package var nameless: FolderUsage
    /// Bytes that they have written since their start, to any disk.
    ///
    /// Those of a process that ended count only when its parent waited for it.
    package var writtenBytes: Int

    package init(nameless: FolderUsage, writtenBytes: Int) {
        self.nameless = nameless
        self.writtenBytes = writtenBytes
    }
}
