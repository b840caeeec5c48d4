namespace Troupe.Core.Capabilities;

/// <summary>
/// The registers of one device: a range of memory-mapped or port-mapped input/output space, granted by a bus
/// capability, which refuses ranges that overlap RAM or another device's window.
/// </summary>
/// <remarks>
/// <para>
/// Offsets and <see cref="Length"/> are in bytes. An access must be naturally aligned and wholly inside, otherwise
/// <see cref="ArgumentOutOfRangeException"/>; after the grant was revoked, <see cref="CapabilityException"/>.
/// Each call is exactly one access of exactly that width, in program order with every other access to a
/// window by the same thread. Multi-byte values are little-endian in the device and host-endian here.
/// </para>
/// <para>
/// <b>Ordering against memory:</b> a write to a window is issued after all earlier stores to <see cref="DmaBlock"/>s
/// by the same thread are visible to the device, and a read of a window completes before later loads. (On x86
/// uncached accesses and port instructions give this; an implementation elsewhere adds the barriers.)
/// </para>
/// <para>One thread at a time may use a window; a driver actor's turns satisfy this.</para>
/// <para>An implementer overrides the <c>*Core</c> methods, which are only ever called with checked offsets.</para>
/// </remarks>
public abstract class RegisterWindow
{
    /// <summary>Creates a window of <paramref name="length"/> bytes.</summary>
    protected RegisterWindow(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Length = length;
    }

    /// <summary>Size of the window in bytes.</summary>
    public int Length { get; }

    /// <summary>Reads the 8-bit register at byte <paramref name="offset"/>.</summary>
    public byte Read8(int offset)
    {
        AccessCheck.Require(offset, sizeof(byte), Length);
        return Read8Core(offset);
    }

    /// <summary>Reads the 16-bit register at byte <paramref name="offset"/>.</summary>
    public ushort Read16(int offset)
    {
        AccessCheck.Require(offset, sizeof(ushort), Length);
        return Read16Core(offset);
    }

    /// <summary>Reads the 32-bit register at byte <paramref name="offset"/>.</summary>
    public uint Read32(int offset)
    {
        AccessCheck.Require(offset, sizeof(uint), Length);
        return Read32Core(offset);
    }

    /// <summary>Writes the 8-bit register at byte <paramref name="offset"/>.</summary>
    public void Write8(int offset, byte value)
    {
        AccessCheck.Require(offset, sizeof(byte), Length);
        Write8Core(offset, value);
    }

    /// <summary>Writes the 16-bit register at byte <paramref name="offset"/>.</summary>
    public void Write16(int offset, ushort value)
    {
        AccessCheck.Require(offset, sizeof(ushort), Length);
        Write16Core(offset, value);
    }

    /// <summary>Writes the 32-bit register at byte <paramref name="offset"/>.</summary>
    public void Write32(int offset, uint value)
    {
        AccessCheck.Require(offset, sizeof(uint), Length);
        Write32Core(offset, value);
    }

    /// <summary>
    /// Writes the device-visible address of byte <paramref name="targetOffset"/> of <paramref name="target"/> as two
    /// 32-bit accesses: the low half at <paramref name="offset"/>, then the high half at <paramref name="offset"/> + 4.
    /// </summary>
    /// <remarks>The number itself is never shown to the driver; it can only name memory it was granted.</remarks>
    public void StoreAddress(int offset, DmaBlock target, int targetOffset)
    {
        ArgumentNullException.ThrowIfNull(target);
        AccessCheck.Require(offset, sizeof(uint), Length);
        AccessCheck.RequireRange(offset, sizeof(ulong), Length);
        target.RequireUsable(targetOffset);
        StoreAddressCore(offset, target, targetOffset);
    }

    /// <summary>
    /// Writes the device-visible address of byte <paramref name="targetOffset"/> of <paramref name="target"/> as one 32-bit access, for
    /// registers that hold no more.
    /// </summary>
    /// <exception cref="CapabilityException">A part of the block lies where 32 bits do not reach, or this window has no such registers.</exception>
    public void StoreAddress32(int offset, DmaBlock target, int targetOffset)
    {
        ArgumentNullException.ThrowIfNull(target);
        AccessCheck.Require(offset, sizeof(uint), Length);
        target.RequireUsable(targetOffset);
        StoreAddress32Core(offset, target, targetOffset);
    }

    /// <summary>
    /// A part of this window as a window of its own, <paramref name="length"/> bytes from byte <paramref name="offset"/>:
    /// a driver hands its parts only what they need.
    /// </summary>
    public RegisterWindow Slice(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        AccessCheck.RequireRange(offset, length, Length);
        return new RegisterWindowSlice(this, offset, length);
    }

    /// <summary>Performs a checked 8-bit read.</summary>
    protected abstract byte Read8Core(int offset);

    /// <summary>Performs a checked 16-bit read.</summary>
    protected abstract ushort Read16Core(int offset);

    /// <summary>Performs a checked 32-bit read.</summary>
    protected abstract uint Read32Core(int offset);

    /// <summary>Performs a checked 8-bit write.</summary>
    protected abstract void Write8Core(int offset, byte value);

    /// <summary>Performs a checked 16-bit write.</summary>
    protected abstract void Write16Core(int offset, ushort value);

    /// <summary>Performs a checked 32-bit write.</summary>
    protected abstract void Write32Core(int offset, uint value);

    /// <summary>Writes a checked block's address, low half first. The implementation knows its own blocks and refuses foreign ones.</summary>
    protected abstract void StoreAddressCore(int offset, DmaBlock target, int targetOffset);

    /// <summary>Writes a checked block's address in 32 bits, or refuses it. Only windows of devices that have such registers override this.</summary>
    protected virtual void StoreAddress32Core(int offset, DmaBlock target, int targetOffset) =>
        throw new CapabilityException("This window takes no addresses of 32 bits.");
}
