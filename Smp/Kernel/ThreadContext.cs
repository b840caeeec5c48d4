using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>
/// The extended state (x87, SSE, AVX, AVX-512) in a thread's block: the standard, not compacted, XSAVE format
/// (Intel SDM vol. 1, 13.4), or FXSAVE's 512 bytes where the processor has no XSAVE.
/// </summary>
internal static unsafe class ThreadContext
{
    private const uint DefaultMxcsr = 0x1F80;
    private const ushort DefaultControlWord = 0x37F;
    private const int MxcsrOffset = 24, StateBitsOffset = 512;

    private static ulong _size;
    private static ulong _features;
    private static bool _xsave;

    /// <summary>Bytes that are saved and restored.</summary>
    internal static ulong ExtendedStateSize => _size;

    /// <summary>Whether XSAVE is used.</summary>
    internal static bool HasXsave => _xsave;

    /// <summary>Reads the sizes from the first processor; all have the same.</summary>
    internal static void Initialize()
    {
        _xsave = *(int*)ImageSymbols.HasXsave() != 0;
        if (!_xsave)
        {
            _size = 512;
            return;
        }

        CpuidResult result = default;
        Instructions.Cpuid(0xD, 0, &result);
        _features = result.Eax & 0xE7;

        // EBX: bytes for the features enabled in XCR0, which boot.S has just limited.
        _size = result.Ebx;
        if (_size > KernelThread.Size - KernelThread.ExtendedStateOffset)
        {
            Panic.Now("extended state larger than a thread block: "u8, _size);
        }
    }

    internal static byte* ExtendedState(KernelThread* thread) => (byte*)thread + KernelThread.ExtendedStateOffset;

    /// <summary>The state a thread begins with, unless it inherits its creator's.</summary>
    internal static void Reset(KernelThread* thread)
    {
        byte* state = ExtendedState(thread);
        Instructions.Zero((ulong)state, KernelThread.Size - KernelThread.ExtendedStateOffset);
        *(ushort*)state = DefaultControlWord;
        *(uint*)(state + MxcsrOffset) = DefaultMxcsr;
    }

    /// <summary>A signal handler may have written anything there; XRSTOR faults on what is not allowed.</summary>
    internal static void SanitizeExtendedState(KernelThread* thread)
    {
        byte* state = ExtendedState(thread);
        *(uint*)(state + MxcsrOffset) &= 0xFFFF;
        if (_xsave)
        {
            ulong* header = (ulong*)(state + StateBitsOffset);
            header[0] &= _features;
            for (int i = 1; i < 8; i++)
            {
                header[i] = 0;
            }
        }
    }
}
