namespace Troupe.Core.Machine;

/// <summary>Who runs the guest, by the signature in CPUID leaf 0x40000000.</summary>
public enum Hypervisor
{
    /// <summary>CPUID's hypervisor bit is clear.</summary>
    None = 0,

    /// <summary>There is one, of another signature.</summary>
    Unknown = 1,

    /// <summary>"KVMKVMKVM": Linux's KVM (also Firecracker and cloud-hypervisor).</summary>
    Kvm = 2,

    /// <summary>"XenVMMXenVMM".</summary>
    Xen = 3,

    /// <summary>"TCGTCGTCGTCG": QEMU's emulator.</summary>
    Tcg = 4,
}
