using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>Randomness for the program and for the kernel itself (Core/Machine/Entropy).</summary>
internal static unsafe class KernelEntropy
{
    internal static void Initialize(CpuFeatures* features)
    {
        _ = features;
    }

    internal static void Fill(byte* destination, int bytes)
    {
        for (int i = 0; i < bytes; i++)
        {
            destination[i] = (byte)Instructions.ReadTimeStampCounter();
        }
    }
}
