using System.Runtime.CompilerServices;

namespace Troupe.Core.Machine;

/// <summary>The seam to physical memory on the machine: the identity map.</summary>
/// <remarks>
/// The reads are not inlined: where a caller looks at some bits only, the compiler narrows an inlined read, volatile or not, to the byte that holds them
/// (<c>testb $1, 0x10(%rdx)</c>), and a device register answers to its own width alone.
/// </remarks>
public readonly unsafe struct KernelPhysicalMemory : IPhysicalMemory
{
    // boot.S maps this much before any C# runs.
    private const ulong BootLimit = 1UL << 32;

    private static ulong _beyondBoot;

    /// <summary>Tells how far the identity map reaches, once it reaches further than boot.S left it.</summary>
    public static void SetLimit(ulong limit) => _beyondBoot = limit > BootLimit ? limit - BootLimit : 0;

    /// <inheritdoc/>
    /// <remarks>Holds at boot; once pages of the identity map are taken away (page 0, stack guards) it says too much.</remarks>
    public static bool IsReadable(ulong address, ulong length)
    {
        ulong limit = BootLimit + _beyondBoot;
        return length <= limit && address <= limit - length;
    }

    /// <inheritdoc/>
    public static byte Read8(ulong address) => Volatile.Read(ref *(byte*)address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ushort Read16(ulong address) => Volatile.Read(ref *(ushort*)address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint Read32(ulong address) => Volatile.Read(ref *(uint*)address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Read64(ulong address) => Volatile.Read(ref *(ulong*)address);

    /// <inheritdoc/>
    public static void Write32(ulong address, uint value) => Volatile.Write(ref *(uint*)address, value);
}
