using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>
/// A PC16550D as a PC wires it: 16-byte FIFOs, interrupt identification, overrun, and a line that fires on the way from no cause to one.
/// The kernel's early console has set it up. A host that is held back (<see cref="Send"/>) or not (<see cref="Overrun"/>) sends to it.
/// </summary>
internal sealed class FakeUart : RegisterWindow
{
    private const int FifoSize = 16;

    private readonly Lock _lock = new();
    private readonly Queue<byte> _received = new();
    private readonly Queue<byte> _waiting = new();
    private readonly List<byte> _transmitted = [];
    private int _transmitting;
    private byte _interruptEnable;
    private byte _fifoControl = 0xC1;
    private byte _scratch;
    private bool _overrun;
    private bool _transmitEmptied;
    private bool _isHigh;

    public FakeUart() : base(8) => Device = new FakePlatformDevice("uart 0", this, Line);

    public FakeLine Line { get; } = new(null);

    public FakePlatformDevice Device { get; }

    /// <summary>Nothing answers on this bus: reads are all ones.</summary>
    public bool IsAbsent { get; init; }

    /// <summary>The transmit FIFO empties when the test says so, not at once.</summary>
    public bool HoldsTransmitter { get; init; }

    public byte InterruptEnable
    {
        get
        {
            lock (_lock)
            {
                return _interruptEnable;
            }
        }
    }

    public byte[] Transmitted
    {
        get
        {
            lock (_lock)
            {
                return [.. _transmitted];
            }
        }
    }

    /// <summary>Sends bytes as QEMU does: what finds no room in the FIFO waits outside.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (var octet in bytes)
            {
                _waiting.Enqueue(octet);
            }

            Update();
        }
    }

    /// <summary>Sends bytes as a wire does: what finds no room is lost.</summary>
    public void Overrun(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (var octet in bytes)
            {
                if (_received.Count == FifoSize)
                {
                    _overrun = true;
                }
                else
                {
                    _received.Enqueue(octet);
                }
            }

            Update();
        }
    }

    /// <summary>Puts what the transmit FIFO holds on the wire.</summary>
    public void DrainTransmitter()
    {
        lock (_lock)
        {
            _transmitting = 0;
            _transmitEmptied = true;
            Update();
        }
    }

    protected override byte Read8Core(int offset)
    {
        if (IsAbsent)
        {
            return 0xFF;
        }

        lock (_lock)
        {
            var value = Read(offset);
            Update();
            return value;
        }
    }

    protected override void Write8Core(int offset, byte value)
    {
        lock (_lock)
        {
            Write(offset, value);
            Update();
        }
    }

    protected override ushort Read16Core(int offset) => throw new InvalidOperationException("The registers are 8 bits wide.");

    protected override uint Read32Core(int offset) => throw new InvalidOperationException("The registers are 8 bits wide.");

    protected override void Write16Core(int offset, ushort value) => throw new InvalidOperationException("The registers are 8 bits wide.");

    protected override void Write32Core(int offset, uint value) => throw new InvalidOperationException("The registers are 8 bits wide.");

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) => throw new InvalidOperationException("A UART takes no address.");

    private bool WantsReceived => (_interruptEnable & 1) != 0 && _received.Count > 0;

    private bool WantsTransmit => (_interruptEnable & 2) != 0 && _transmitEmptied;

    private byte Read(int offset)
    {
        switch (offset)
        {
            case 0:
                return _received.TryDequeue(out var octet) ? octet : (byte)0;
            case 1:
                return _interruptEnable;
            case 2 when WantsReceived:
                return 0xC4;
            case 2:
                // Reading takes back a "transmit empty", but only when it is what is told.
                var identification = (byte)(WantsTransmit ? 0xC2 : 0xC1);
                _transmitEmptied = false;
                return identification;
            case 5:
                var status = (byte)((_received.Count > 0 ? 1 : 0) | (_overrun ? 2 : 0) | (_transmitting == 0 ? 0x60 : 0));
                _overrun = false;
                return status;
            case 7:
                return _scratch;
            default:
                throw new InvalidOperationException($"Register {offset} may not be read.");
        }
    }

    private void Write(int offset, byte value)
    {
        switch (offset)
        {
            case 0:
                Assert.True(_transmitting < FifoSize, "The transmit FIFO overflows.");
                _transmitted.Add(value);
                _transmitting += HoldsTransmitter ? 1 : 0;
                _transmitEmptied = !HoldsTransmitter;
                _isHigh = WantsReceived;
                break;
            case 1:
                Assert.True(value <= 3, "Only receive and transmit interrupts are dealt with.");
                _transmitEmptied |= (value & ~_interruptEnable & 2) != 0 && _transmitting == 0;
                _interruptEnable = value;
                break;
            case 2:
                if (((value ^ _fifoControl) & 1) != 0 || (value & 2) != 0)
                {
                    _received.Clear();
                }

                Assert.True((value & 4) == 0, "What the kernel is printing is thrown away.");
                _fifoControl = value;
                break;
            case 3:
                Assert.Equal(3, value);
                break;
            case 4:
                Assert.Equal(0x0B, value);
                break;
            case 7:
                _scratch = value;
                break;
            default:
                throw new InvalidOperationException($"Register {offset} may not be written.");
        }
    }

    private void Update()
    {
        while (_received.Count < FifoSize && _waiting.TryDequeue(out var octet))
        {
            _received.Enqueue(octet);
        }

        var isHigh = WantsReceived || WantsTransmit;
        if (isHigh && !_isHigh)
        {
            Line.Raise();
        }

        _isHigh = isHigh;
    }
}
