namespace Troupe.Core.Capabilities;

/// <summary>
/// The DMA memory of one device: where its driver gets memory that the device may touch, and where freed memory waits
/// until the device cannot touch it any more.
/// </summary>
/// <remarks>
/// <para>
/// A block is in use until it is disposed, then quarantined until <see cref="DeviceWasReset"/>, then free. So a late
/// write by a device that still knows the old address lands in memory that nobody else uses.
/// </para>
/// <para>
/// Thread-safe; meant for start and stop, not for each packet: it takes a lock. An implementer overrides
/// <see cref="AllocateCore"/> and <see cref="FreeCore"/>, both called under that lock.
/// </para>
/// </remarks>
public abstract class DmaArena
{
    private readonly object _lock = new();
    private readonly HashSet<DmaBlock> _blocks = [];
    private readonly List<DmaBlock> _quarantine = [];
    private long _bytesInUse;
    private long _bytesInQuarantine;
    private bool _isRevoked;

    /// <summary>Creates an arena that holds at most <paramref name="limit"/> bytes, quarantined ones included.</summary>
    protected DmaArena(long limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        Limit = limit;
    }

    /// <summary>The most bytes the arena gives out, in use and in quarantine together.</summary>
    public long Limit { get; }

    /// <summary>Bytes in blocks that were not disposed.</summary>
    public long BytesInUse
    {
        get
        {
            lock (_lock)
            {
                return _bytesInUse;
            }
        }
    }

    /// <summary>Bytes in disposed blocks that wait for <see cref="DeviceWasReset"/>.</summary>
    public long BytesInQuarantine
    {
        get
        {
            lock (_lock)
            {
                return _bytesInQuarantine;
            }
        }
    }

    /// <summary>
    /// Whether the grants were taken back. Whoever drove the device can no longer reset it, nor vouch for a reset: what was handed out before stays in quarantine for good.
    /// Never false again once true, and true before the device's registers and lines refuse anything for that reason.
    /// </summary>
    public bool IsRevoked
    {
        get
        {
            lock (_lock)
            {
                return _isRevoked;
            }
        }
    }

    /// <summary>
    /// Allocates <paramref name="length"/> zeroed bytes whose device-visible address is a multiple of
    /// <paramref name="alignment"/>, a power of two of at most 4096.
    /// </summary>
    /// <exception cref="CapabilityException">Past <see cref="Limit"/>, out of memory, or revoked.</exception>
    public DmaBlock Allocate(int length, int alignment)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (alignment is < 1 or > MaximumAlignment || (alignment & (alignment - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "A power of two of at most 4096.");
        }

        lock (_lock)
        {
            ThrowIfRevoked();
            if (_bytesInUse + _bytesInQuarantine + length > Limit)
            {
                throw new CapabilityException(
                    $"The arena holds {_bytesInUse} bytes in use and {_bytesInQuarantine} in quarantine; {length} more would pass its limit of {Limit}.");
            }

            var block = AllocateCore(length, alignment);
            _blocks.Add(block);
            _bytesInUse += length;
            return block;
        }
    }

    /// <summary>
    /// The driver reports that it reset the device and saw the reset complete: the device knows no address any more, so
    /// the quarantined memory is freed. Blocks that were not disposed stay valid.
    /// </summary>
    /// <exception cref="CapabilityException">
    /// Revoked. Its blocks were taken from a driver that had disposed of none, and whose clients may still read them: they are nobody's to free.
    /// </exception>
    /// <remarks>Reporting it without having seen it is the one lie a driver can tell; the virtio transports report it in one place.</remarks>
    public void DeviceWasReset()
    {
        lock (_lock)
        {
            ThrowIfRevoked();
            foreach (var block in _quarantine)
            {
                _bytesInQuarantine -= block.Length;
                FreeCore(block);
            }

            _quarantine.Clear();
        }
    }

    /// <summary>
    /// Disposes every block (into quarantine, for good) and refuses further allocation: the owner of the device capability took the
    /// grants back.
    /// </summary>
    public void Revoke()
    {
        lock (_lock)
        {
            _isRevoked = true;
            foreach (var block in _blocks)
            {
                block.MarkDisposed();
                _quarantine.Add(block);
            }

            _bytesInQuarantine += _bytesInUse;
            _bytesInUse = 0;
            _blocks.Clear();
        }
    }

    /// <summary>Allocates a checked block, zeroed. Throws <see cref="CapabilityException"/> when memory ran out.</summary>
    protected abstract DmaBlock AllocateCore(int length, int alignment);

    /// <summary>Gives a block's memory back to the machine: nothing in the arena, nor the device, refers to it any more.</summary>
    protected abstract void FreeCore(DmaBlock block);

    internal void Retire(DmaBlock block)
    {
        lock (_lock)
        {
            if (!_blocks.Remove(block))
            {
                return;
            }

            block.MarkDisposed();
            _quarantine.Add(block);
            _bytesInUse -= block.Length;
            _bytesInQuarantine += block.Length;
        }
    }

    private void ThrowIfRevoked()
    {
        if (_isRevoked)
        {
            throw new CapabilityException("The device's grants were revoked.");
        }
    }

    /// <summary>One page: what any device-visible structure we know of asks for at most.</summary>
    private const int MaximumAlignment = 4096;
}
