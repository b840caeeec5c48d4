using System.Runtime;
using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>What boot.S calls.</summary>
public static unsafe class KernelMain
{
    /// <summary>The first C#.</summary>
    [RuntimeExport("kernel_main")]
    public static void Main(ulong startInfo)
    {
        KernelConsole.Initialize();
        KernelConsole.Write("[kernel] entered, start info "u8);
        KernelConsole.WriteHexadecimal(startInfo);
        KernelConsole.Write("\n"u8);
        Panic.Exit(0);
    }

    [RuntimeExport("kernel_secondary_main")]
    internal static ulong Secondary() => 0;

    [RuntimeExport("kernel_entry")]
    internal static KernelThread* Entry(KernelThread* thread) => thread;

    [RuntimeExport("kernel_fault")]
    internal static void Fault(Registers* registers) => Panic.Now("fault in kernel"u8, (ulong*)registers, Instructions.ReadCr2());

    [RuntimeExport("kernel_critical")]
    internal static void Critical(Registers* registers) => Panic.Now("critical"u8, (ulong*)registers, 0);
}
