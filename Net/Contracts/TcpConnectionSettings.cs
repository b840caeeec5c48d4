namespace Troupe.Net.Contracts;

/// <summary>
/// What an application may change while its connection lives. Written by it at any time, read by the connection's actor in its turns; a change
/// holds from the next turn on, which it brings about.
/// </summary>
public sealed class TcpConnectionSettings
{
    private readonly Action _changed;
    private bool _noDelay;
    private bool _keepAlive;
    private long _keepAliveTime;
    private long _keepAliveInterval;
    private int _keepAliveProbes;
    private long _userTimeout;
    private int _receiveBuffer;
    private int _sendBuffer;
    private byte _differentiatedServices;
    private byte _hopLimit;

    internal TcpConnectionSettings(TcpConfiguration configuration, Action changed)
    {
        _changed = changed;
        _noDelay = configuration.NoDelay;
        _keepAlive = configuration.KeepAlive;
        _keepAliveTime = configuration.KeepAliveTime.Ticks;
        _keepAliveInterval = configuration.KeepAliveInterval.Ticks;
        _keepAliveProbes = configuration.KeepAliveProbes;
        _userTimeout = configuration.UserTimeout.Ticks;
    }

    /// <summary>Whether small segments leave at once (no Nagle, RFC 9293 3.7.4).</summary>
    public bool NoDelay
    {
        get => Volatile.Read(ref _noDelay);
        set
        {
            Volatile.Write(ref _noDelay, value);
            _changed();
        }
    }

    /// <summary>Whether a peer that is silent is asked for a sign of life (RFC 9293 3.8.4).</summary>
    public bool KeepAlive
    {
        get => Volatile.Read(ref _keepAlive);
        set
        {
            Volatile.Write(ref _keepAlive, value);
            _changed();
        }
    }

    /// <summary>How long a peer may be silent before it is asked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan KeepAliveTime
    {
        get => new(Volatile.Read(ref _keepAliveTime));
        set => Set(ref _keepAliveTime, value);
    }

    /// <summary>How long until it is asked again.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan KeepAliveInterval
    {
        get => new(Volatile.Read(ref _keepAliveInterval));
        set => Set(ref _keepAliveInterval, value);
    }

    /// <summary>How often it is asked before the connection counts as dead.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than one.</exception>
    public int KeepAliveProbes
    {
        get => Volatile.Read(ref _keepAliveProbes);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            Volatile.Write(ref _keepAliveProbes, value);
            _changed();
        }
    }

    /// <summary>How long octets may wait for their acknowledgement before the connection counts as dead (RFC 5482); zero: the retransmissions decide.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan UserTimeout
    {
        get => new(Volatile.Read(ref _userTimeout));
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            Volatile.Write(ref _userTimeout, value.Ticks);
            _changed();
        }
    }

    /// <summary>
    /// Octets received and not read that there is room for, at most <see cref="TcpConfiguration.MaximumReceiveBuffer"/>; zero: it follows what the
    /// application reads.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int ReceiveBuffer
    {
        get => Volatile.Read(ref _receiveBuffer);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Volatile.Write(ref _receiveBuffer, value);
            _changed();
        }
    }

    /// <summary>
    /// Octets written and not acknowledged that there is room for, at most <see cref="TcpConfiguration.MaximumSendBuffer"/>; zero: it follows the congestion
    /// window. Holds for the next write.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int SendBuffer
    {
        get => Volatile.Read(ref _sendBuffer);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Volatile.Write(ref _sendBuffer, value);
            _changed();
        }
    }

    /// <summary>The class of service of its packets (RFC 2474), 0 to 63.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than six bits.</exception>
    public byte DifferentiatedServices
    {
        get => Volatile.Read(ref _differentiatedServices);
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 63);
            Volatile.Write(ref _differentiatedServices, value);
        }
    }

    /// <summary>How many hops its packets may take; zero for the internet layer's default.</summary>
    public byte HopLimit
    {
        get => Volatile.Read(ref _hopLimit);
        set => Volatile.Write(ref _hopLimit, value);
    }

    private void Set(ref long field, TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        Volatile.Write(ref field, value.Ticks);
        _changed();
    }
}
