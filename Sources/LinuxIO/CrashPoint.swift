import CLinux

/// A place where a test build can be made to die by SIGKILL; nothing at all in every other build.
///
/// The names are unique, `part.what-has-just-happened`; the crash suite reads them from the sources and dies at each
/// once. How a point is chosen: `clinux_crash.h`.
@inline(__always)
package func crashPoint(_ name: StaticString) {
    #if FAULTS
    name.withUTF8Buffer { _ in
        UnsafeRawPointer(name.utf8Start).withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) {
            clinux_crash_point($0)
        }
    }
    #endif
}
