using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>Randomness for the program and for the kernel itself: ChaCha20 generators, seeded at boot (Core/Machine/Entropy).</summary>
internal static unsafe class KernelEntropy
{
    /// <summary>Boot processor, before anything asks.</summary>
    internal static void Initialize(CpuFeatures* features)
    {
        ulong bytes = KernelRandomness.MemorySize(IProcessors.Maximum);
        ulong memory = KernelMemory.AllocateContiguous((bytes + KernelMemory.FrameSize - 1) / KernelMemory.FrameSize);
        if (memory == 0)
        {
            Panic.Now("not enough memory for the random generators"u8);
        }

        if (KernelRandomness.Initialize((byte*)memory, IProcessors.Maximum, features, null) == EntropyQuality.TimerJitter)
        {
            KernelConsole.Write("[kernel] warning: no random instruction and no entropy device; seeded from timer jitter\n"u8);
        }
    }

    /// <summary>Random bytes into kernel memory.</summary>
    internal static void Fill(byte* destination, int bytes) =>
        KernelRandomness.Fill(Instructions.ProcessorIndex(), destination, (ulong)bytes);
}
