import CLinux
import Glibc

/// A step of the set-up that the kernel, or a check of ours, refused.
struct StepError: Error {
    let step: String
    let errno: Int32
}

/// Does one step of the set-up; throws its name and errno when it answers below 0.
///
/// In test builds this is where a chosen step fails instead of being done, or is left out with its layer and answers -1.
@discardableResult
func step(_ name: @autoclosure () -> String, _ call: @autoclosure () -> Int32) throws(StepError) -> Int32 {
    #if FAULTS
    let fault = clinux_fault(name())
    if fault < 0 { throw StepError(step: name(), errno: -fault) }
    if clinux_without_step(name()) != 0 { return -1 }
    #endif
    let result = call()
    if result < 0 { throw StepError(step: name(), errno: -result) }
    return result
}

/// Tells that the process is another one now: its steps are counted from 1.
func beginRole(_ role: String) {
    clinux_set_name(role)
    #if FAULTS
    clinux_fault_role(role)
    #endif
}

/// A libc call's -1 as -errno.
func result(_ value: Int32) -> Int32 { value < 0 ? -errno : value }
