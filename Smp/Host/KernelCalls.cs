using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>
/// From managed code into the kernel half of the same image (<see cref="Kernel.HostCall"/>), by the system-call gate; port
/// instructions are executed where they stand, since everything runs in ring 0. Only in the guest.
/// </summary>
internal static unsafe class KernelCalls
{
    /// <summary>Linux's getrandom(buffer, bytes, flags) -> bytes filled (asm/unistd_64.h).</summary>
    internal const long GetRandom = 318;

    private const string Image = "*";

    /// <summary>Makes a call; answers what the kernel half answered.</summary>
    [DllImport(Image, EntryPoint = "instruction_system_call")]
    internal static extern long Call(long number, long first, long second, long third, long fourth, long fifth);

    [DllImport(Image, EntryPoint = "instruction_out8")]
    [SuppressGCTransition]
    internal static extern void Out8(ushort port, byte value);

    [DllImport(Image, EntryPoint = "instruction_in8")]
    [SuppressGCTransition]
    internal static extern byte In8(ushort port);

    [DllImport(Image, EntryPoint = "instruction_out16")]
    [SuppressGCTransition]
    internal static extern void Out16(ushort port, ushort value);

    [DllImport(Image, EntryPoint = "instruction_in16")]
    [SuppressGCTransition]
    internal static extern ushort In16(ushort port);

    [DllImport(Image, EntryPoint = "instruction_out32")]
    [SuppressGCTransition]
    internal static extern void Out32(ushort port, uint value);

    [DllImport(Image, EntryPoint = "instruction_in32")]
    [SuppressGCTransition]
    internal static extern uint In32(ushort port);

    [DllImport(Image, EntryPoint = "instruction_halt")]
    internal static extern void Halt();

    [DllImport(Image, EntryPoint = "instruction_take_no_interrupt")]
    [SuppressGCTransition]
    internal static extern void TakeNoInterrupt();

    /// <summary>Makes a call that must succeed.</summary>
    internal static long Require(string what, long number, long first = 0, long second = 0, long third = 0)
    {
        long result = Call(number, first, second, third, 0, 0);
        return result >= 0 ? result : throw new Core.Capabilities.CapabilityException($"The kernel refused to {what} (error {-result}).");
    }
}
