// xen/include/public/xen.h: calls by number.
namespace Troupe.Core.Machine.Xen;

/// <summary>The seam to Xen's hypercalls. Pointers among the arguments are addresses of this guest.</summary>
public interface IHypercalls
{
    /// <summary>Makes a call (xen/include/public/xen.h, __HYPERVISOR_*).</summary>
    /// <returns>What Xen answered; below zero: a negated error number of xen/include/public/errno.h.</returns>
    static abstract long Call(ulong number, ulong first, ulong second, ulong third);
}

/// <summary>The seam on the machine: the page of calls that Xen filled.</summary>
public readonly struct KernelHypercalls : IHypercalls
{
    /// <inheritdoc/>
    public static long Call(ulong number, ulong first, ulong second, ulong third) => Instructions.Hypercall(number, first, second, third);
}
