using System.Runtime.CompilerServices;
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>Device registers in memory: mapped uncached by the kernel half, which refused them if they touched RAM.</summary>
/// <remarks>
/// Accesses are volatile and of exactly the asked size; the wider reads are not inlined, for the reason that <c>KernelPhysicalMemory</c>
/// tells. A revoked window answers with an exception.
/// </remarks>
internal sealed unsafe class MappedRegisterWindow : RegisterWindow
{
    private readonly int _hiddenStart;
    private readonly int _hiddenEnd;
    private byte* _address;

    /// <summary>Maps the window.</summary>
    /// <param name="physical">Bus address.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="hiddenStart">First byte of a part that is not for the driver (an MSI-X table), if <paramref name="hiddenEnd"/> is larger.</param>
    /// <param name="hiddenEnd">Its end.</param>
    internal MappedRegisterWindow(ulong physical, int length, int hiddenStart = 0, int hiddenEnd = 0) : base(length)
    {
        _hiddenStart = hiddenStart;
        _hiddenEnd = hiddenEnd;
        _address = (byte*)KernelCalls.Require($"map device registers at 0x{physical:x}", Kernel.HostCall.MapDevice, (long)physical, length);
    }

    /// <summary>Takes the window away from its driver.</summary>
    internal void Revoke() => _address = null;

    /// <inheritdoc/>
    protected override byte Read8Core(int offset) => Volatile.Read(ref *At(offset, 1));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected override ushort Read16Core(int offset) => Volatile.Read(ref *(ushort*)At(offset, 2));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected override uint Read32Core(int offset) => Volatile.Read(ref *(uint*)At(offset, 4));

    /// <inheritdoc/>
    protected override void Write8Core(int offset, byte value) => Volatile.Write(ref *At(offset, 1), value);

    /// <inheritdoc/>
    protected override void Write16Core(int offset, ushort value) => Volatile.Write(ref *(ushort*)At(offset, 2), value);

    /// <inheritdoc/>
    protected override void Write32Core(int offset, uint value) => Volatile.Write(ref *(uint*)At(offset, 4), value);

    /// <inheritdoc/>
    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset)
    {
        if (DeviceFaults.IsBuiltIn)
        {
            DeviceFaults.Shown(this, offset, target, targetOffset);
        }

        ulong address = PhysicalDmaBlock.AddressOf(target) + (ulong)targetOffset;
        Write32Core(offset, (uint)address);
        Write32Core(offset + 4, (uint)(address >> 32));
    }

    /// <inheritdoc/>
    protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset) =>
        Write32Core(offset, PhysicalDmaBlock.AddressIn32Bits(target, targetOffset));

    private byte* At(int offset, int size)
    {
        byte* address = _address;
        if (address == null)
        {
            throw new CapabilityException("The device's grants were revoked.");
        }

        if (offset < _hiddenEnd && offset + size > _hiddenStart)
        {
            throw new CapabilityException("This part of the window holds the MSI-X table, which only the bus writes.");
        }

        return address + offset;
    }
}
