using System.Runtime.CompilerServices;
using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.Start;

/// <summary>Static room for the boot processor's lists, before there is an allocator.</summary>
internal static unsafe class KernelScratch
{
    private unsafe struct Room
    {
        internal fixed ulong Words[512];
    }

    private unsafe struct Line
    {
        internal fixed byte Bytes[2048];
    }

    private static Room _ranges;
    private static Line _commandLine;
    private static MachineDescription _machine;
    private static CpuFeatures _features;

    internal static void* Ranges => Unsafe.AsPointer(ref _ranges);

    internal static byte* CommandLine => (byte*)Unsafe.AsPointer(ref _commandLine);

    internal const int CommandLineCapacity = 2048;

    internal static MachineDescription* Machine => (MachineDescription*)Unsafe.AsPointer(ref _machine);

    internal static CpuFeatures* Features => (CpuFeatures*)Unsafe.AsPointer(ref _features);
}
