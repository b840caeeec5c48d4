using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>The machine as a whole: which processors there are, and its end.</summary>
internal static class Machine
{
    /// <summary>Exit codes from here up are the kernel's own (a panic is 99): a program's larger ones are told as this.</summary>
    private const int HighestProgramCode = 97;

    /// <summary>One bit a processor online.</summary>
    internal static ulong AllProcessors => KernelProcessors.Count >= 64 ? ulong.MaxValue : (1UL << KernelProcessors.Count) - 1;

    /// <summary>exit_group: the program has ended, and with it the guest.</summary>
    internal static void EndProgram(int code) => Panic.Exit((byte)((uint)code > HighestProgramCode ? HighestProgramCode : code));
}
