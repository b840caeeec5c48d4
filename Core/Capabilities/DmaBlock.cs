using System.Diagnostics.CodeAnalysis;

namespace Troupe.Core.Capabilities;

/// <summary>
/// Memory that a device may read and write: contiguous for the device, zeroed when allocated, never moved by the
/// garbage collector. Allocated by a <see cref="DmaArena"/>.
/// </summary>
/// <remarks>
/// <para>
/// Offsets are in bytes; the typed accessors demand natural alignment and stay inside, otherwise
/// <see cref="ArgumentOutOfRangeException"/>. Multi-byte values are little-endian in memory. Each typed access is one
/// single-copy-atomic access: a device never sees, and never causes, a torn value.
/// </para>
/// <para>
/// <b>Ordering:</b> <c>Read*Acquire</c> orders later accesses after itself, <c>Write*Release</c> orders earlier
/// accesses before itself, plain <c>Read*</c>/<c>Write*</c> promise nothing between each other. A store followed by a
/// load of something else (ring index, then the device's notification wish) needs <see cref="FullFence"/>.
/// </para>
/// <para>
/// <b>Ownership:</b> the driver owns the block until <see cref="Dispose"/>. The device may still know its address then,
/// so the memory is not reused but quarantined until <see cref="DmaArena.DeviceWasReset"/>. A disposed block refuses
/// every typed access with <see cref="ObjectDisposedException"/>.
/// </para>
/// <para>
/// <b>What this guards against:</b> bugs. The driver cannot name memory it was not given. Without an IOMMU nothing
/// stops a hostile device from writing anywhere; see docs/drivers.md.
/// </para>
/// </remarks>
public abstract class DmaBlock : IDisposable
{
    private volatile bool _isDisposed;

    /// <summary>Creates the block of <paramref name="length"/> bytes that belongs to <paramref name="arena"/>.</summary>
    protected DmaBlock(DmaArena arena, int length)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Arena = arena;
        Length = length;
    }

    /// <summary>The arena the block came from; it can only be shown to that arena's device.</summary>
    public DmaArena Arena { get; }

    /// <summary>Size in bytes.</summary>
    public int Length { get; }

    /// <summary>Whether the block was given back; its memory may then still be in quarantine.</summary>
    public bool IsDisposed => _isDisposed;

    /// <summary>
    /// The bytes, for payload that driver and device hand to each other as a whole. For words that both sides write
    /// while the other looks, use the typed accessors: a span promises neither atomicity nor order.
    /// </summary>
    public abstract Memory<byte> Memory { get; }

    /// <summary>Reads 16 bits; later accesses stay after it.</summary>
    public ushort ReadUInt16Acquire(int offset)
    {
        RequireAccess(offset, sizeof(ushort));
        return ReadUInt16AcquireCore(offset);
    }

    /// <summary>Reads 32 bits; later accesses stay after it.</summary>
    public uint ReadUInt32Acquire(int offset)
    {
        RequireAccess(offset, sizeof(uint));
        return ReadUInt32AcquireCore(offset);
    }

    /// <summary>Writes 16 bits; earlier accesses stay before it.</summary>
    public void WriteUInt16Release(int offset, ushort value)
    {
        RequireAccess(offset, sizeof(ushort));
        WriteUInt16ReleaseCore(offset, value);
    }

    /// <summary>Writes 32 bits; earlier accesses stay before it.</summary>
    public void WriteUInt32Release(int offset, uint value)
    {
        RequireAccess(offset, sizeof(uint));
        WriteUInt32ReleaseCore(offset, value);
    }

    /// <summary>Reads 16 bits, unordered.</summary>
    public ushort ReadUInt16(int offset)
    {
        RequireAccess(offset, sizeof(ushort));
        return ReadUInt16Core(offset);
    }

    /// <summary>Reads 32 bits, unordered.</summary>
    public uint ReadUInt32(int offset)
    {
        RequireAccess(offset, sizeof(uint));
        return ReadUInt32Core(offset);
    }

    /// <summary>Writes 16 bits, unordered.</summary>
    public void WriteUInt16(int offset, ushort value)
    {
        RequireAccess(offset, sizeof(ushort));
        WriteUInt16Core(offset, value);
    }

    /// <summary>Writes 32 bits, unordered.</summary>
    public void WriteUInt32(int offset, uint value)
    {
        RequireAccess(offset, sizeof(uint));
        WriteUInt32Core(offset, value);
    }

    /// <summary>
    /// Every earlier load and store of this thread, to memory or registers, is visible to devices and processors before any
    /// later one is made. The store-then-load handshakes of shared rings need it, and it is the block's so that a model of memory sees it.
    /// </summary>
    public virtual void FullFence() => Interlocked.MemoryBarrier();

    /// <summary>
    /// Writes, at byte <paramref name="offset"/> of this block, the 64-bit little-endian device-visible address of byte
    /// <paramref name="targetOffset"/> of <paramref name="target"/>, unordered. Both must come from the same arena.
    /// </summary>
    /// <exception cref="CapabilityException">The target belongs to another device's arena.</exception>
    public void StoreAddress(int offset, DmaBlock target, int targetOffset)
    {
        ArgumentNullException.ThrowIfNull(target);
        RequireAccess(offset, sizeof(ulong));
        target.RequireUsable(targetOffset);
        if (!ReferenceEquals(target.Arena, Arena))
        {
            throw new CapabilityException("A device can only be shown memory from its own arena.");
        }

        StoreAddressCore(offset, target, targetOffset);
    }

    /// <summary>Gives the memory back; it is quarantined until the device was reset. Further calls do nothing.</summary>
    public void Dispose()
    {
        Arena.Retire(this);
        GC.SuppressFinalize(this);
    }

    /// <summary>Performs a checked acquiring read.</summary>
    protected abstract ushort ReadUInt16AcquireCore(int offset);

    /// <summary>Performs a checked acquiring read.</summary>
    protected abstract uint ReadUInt32AcquireCore(int offset);

    /// <summary>Performs a checked releasing write.</summary>
    protected abstract void WriteUInt16ReleaseCore(int offset, ushort value);

    /// <summary>Performs a checked releasing write.</summary>
    protected abstract void WriteUInt32ReleaseCore(int offset, uint value);

    /// <summary>Performs a checked unordered read.</summary>
    protected abstract ushort ReadUInt16Core(int offset);

    /// <summary>Performs a checked unordered read.</summary>
    protected abstract uint ReadUInt32Core(int offset);

    /// <summary>Performs a checked unordered write.</summary>
    protected abstract void WriteUInt16Core(int offset, ushort value);

    /// <summary>Performs a checked unordered write.</summary>
    protected abstract void WriteUInt32Core(int offset, uint value);

    /// <summary>Writes the address of a checked block of the same arena.</summary>
    protected abstract void StoreAddressCore(int offset, DmaBlock target, int targetOffset);

    internal void RequireUsable(int offset)
    {
        ThrowIfDisposed();
        AccessCheck.RequireRange(offset, 0, Length);
    }

    /// <summary>Marks the block disposed. Called by the arena, under its lock.</summary>
    internal void MarkDisposed() => _isDisposed = true;

    private void RequireAccess(int offset, int size)
    {
        ThrowIfDisposed();
        AccessCheck.Require(offset, size, Length);
    }

    private void ThrowIfDisposed()
    {
        if (_isDisposed)
        {
            ThrowDisposed();
        }
    }

    [DoesNotReturn]
    private static void ThrowDisposed() => throw new ObjectDisposedException(nameof(DmaBlock));
}
