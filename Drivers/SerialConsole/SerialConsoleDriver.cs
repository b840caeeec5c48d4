// National Semiconductor PC16550D data sheet.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.SerialConsole;

/// <summary>
/// The actor that drives a 16550 UART as a console. The line speed is left as the firmware or the kernel's early console set it.
/// Spawn it with a factory and <see cref="FailurePolicy.Restart"/>.
/// </summary>
/// <remarks>
/// <para>
/// In an image the kernel half transmits through the same UART, polled, because its log and its panics need a console that works when
/// nothing else does. So one side of the device has one owner: given a <c>transmitter</c>, which leads to the kernel's way out, the driver
/// writes no byte to the device and enables no transmit interrupt; it owns the receiver, the FIFO control and the interrupt registers. The
/// line status is read by both, and reading it clears the error bits: lost input is counted at least once, not exactly.
/// </para>
/// <para>
/// The line may be edge-triggered, as on a PC: it fires on the way from no cause to one. So no turn ends with a cause left at the
/// device, unless it has told the driver to come again.
/// </para>
/// </remarks>
public sealed class SerialConsoleDriver : Actor<ConsoleMessage>, IRestartsToSwap
{
    /// <summary>Bytes of output that wait in the driver.</summary>
    public const int OutputQueueLength = 65536;

    /// <summary>
    /// XON (ISO 646 DC1), sent when the driver starts to receive: a host that holds its input back until then loses nothing of it, and
    /// one that does not know it sees nothing.
    /// </summary>
    public const byte ReadyForInput = 0x11;

    /// <summary>Bytes read in one turn at most; a stuck "data ready" bit must not hold the processor.</summary>
    private const int ReadBudget = 256;

    private readonly RegisterWindow _registers;
    private readonly InterruptLine _line;
    private readonly Stream? _transmitter;
    private readonly byte[] _output;
    private ActorRef<ConsoleMessage>? _self;
    private ConsoleClient? _client;
    private int _outputFirst;
    private int _outputCount;
    private int _interrupted;
    private bool _awaitsTransmitEmpty;
    private bool _isHoldingInput;
    private ConsoleInput _heldInput;
    private long _bytesRead;
    private long _bytesWritten;
    private long _inputDropped;
    private long _inputLost;
    private long _outputDropped;

    /// <summary>Creates an incarnation of the driver on a UART.</summary>
    /// <param name="device">The UART.</param>
    /// <param name="client">Who reads; null: whoever attaches first.</param>
    /// <param name="transmitter">Where output goes; null: to the UART.</param>
    public SerialConsoleDriver(PlatformDevice device, ConsoleClient? client = null, Stream? transmitter = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        _client = client;
        _transmitter = transmitter;
        _output = transmitter is null ? new byte[OutputQueueLength] : [];
        _registers = device.OpenRegisters();
        _line = device.OpenInterrupt();
        ArgumentOutOfRangeException.ThrowIfLessThan(_registers.Length, UartRegister.WindowLength, nameof(device));
    }

    /// <summary>Whether a UART answers: its scratch register keeps what is written to it.</summary>
    public static bool IsPresent(RegisterWindow registers)
    {
        ArgumentNullException.ThrowIfNull(registers);
        registers.Write8(UartRegister.Scratch, 0x5A);
        var isPresent = registers.Read8(UartRegister.Scratch) == 0x5A;
        registers.Write8(UartRegister.Scratch, 0xA5);
        return isPresent && registers.Read8(UartRegister.Scratch) == 0xA5;
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _registers.Write8(UartRegister.InterruptEnable, 0);
        _registers.Write8(UartRegister.LineControl, UartRegister.EightDataBitsNoParity);
        _registers.Write8(UartRegister.FifoControl, UartRegister.EnableFifos);
        _registers.Write8(UartRegister.ModemControl, UartRegister.ReadyAndInterruptsOn);
        _line.Connect(OnInterrupt);
        EnableInterrupts();
        Write([ReadyForInput]);
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        // First what never fails: the registers do, if the capability was revoked.
        _line.Disconnect();
        _registers.Write8(UartRegister.InterruptEnable, 0);
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(ConsoleMessage message)
    {
        switch (message.Kind)
        {
            case ConsoleMessageKind.Write:
                Write(message.Bytes.AsSpan());
                break;
            case ConsoleMessageKind.Attach:
                _client = message.Client;
                break;
            case ConsoleMessageKind.GetStatistics:
                message.StatisticsReply.Set(new ConsoleStatistics(_bytesRead, _bytesWritten, _inputDropped, _inputLost, _outputDropped));
                break;
            case ConsoleMessageKind.None:
            case ConsoleMessageKind.Resume:
            case ConsoleMessageKind.Interrupt:
            default:
                break;
        }

        // In each turn, as with the flag below: a full mailbox may have refused the client's message.
        if (_isHoldingInput)
        {
            DeliverHeld();
        }

        // The flag is looked at in each turn, so that a full mailbox loses no interrupt.
        if (ProcessorMemory.LoadAcquire(ref _interrupted) != 0 && ProcessorMemory.Exchange(ref _interrupted, 0) != 0)
        {
            // Reading it also takes back a "transmit empty" interrupt.
            _registers.Read8(UartRegister.InterruptIdentification);
            Receive();
            Send();
            _line.Acknowledge();
        }

        return default;
    }

    private void Receive()
    {
        Span<byte> bytes = stackalloc byte[ConsoleInput.MaximumLength];
        var count = 0;
        for (var budget = ReadBudget; !_isHoldingInput; budget--)
        {
            if (budget == 0)
            {
                // The line is still high and will not rise again.
                OnInterrupt();
                break;
            }

            var status = _registers.Read8(UartRegister.LineStatus);
            if ((status & UartRegister.ReceiveErrors) != 0)
            {
                _inputLost++;
            }

            if ((status & UartRegister.DataReady) == 0)
            {
                break;
            }

            bytes[count++] = _registers.Read8(UartRegister.Data);
            if (count == bytes.Length)
            {
                Deliver(new ConsoleInput(bytes));
                count = 0;
            }
        }

        if (count > 0)
        {
            Deliver(new ConsoleInput(bytes[..count]));
        }
    }

    private void Deliver(in ConsoleInput input)
    {
        if (_client is not { } client)
        {
            _inputDropped += input.Length;
        }
        else if (client.TryDeliver(input))
        {
            _bytesRead += input.Length;
        }
        else
        {
            _heldInput = input;
            _isHoldingInput = true;
            EnableInterrupts();
        }
    }

    private void DeliverHeld()
    {
        if (_client!.TryDeliver(_heldInput))
        {
            _bytesRead += _heldInput.Length;
            _isHoldingInput = false;
            EnableInterrupts();
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_transmitter is { } transmitter)
        {
            transmitter.Write(bytes);
            _bytesWritten += bytes.Length;
            return;
        }

        Enqueue(bytes);
        Send();
    }

    private void Enqueue(ReadOnlySpan<byte> bytes)
    {
        var room = Math.Min(bytes.Length, _output.Length - _outputCount);
        for (var index = 0; index < room; index++)
        {
            _output[(_outputFirst + _outputCount) % _output.Length] = bytes[index];
            _outputCount++;
        }

        _outputDropped += bytes.Length - room;
    }

    /// <summary>Fills the transmit FIFO if it is empty, and asks to be told when it is again as long as output waits.</summary>
    private void Send()
    {
        if (_outputCount > 0 && (_registers.Read8(UartRegister.LineStatus) & UartRegister.TransmitHoldingEmpty) != 0)
        {
            for (var sent = 0; sent < UartRegister.FifoSize && _outputCount > 0; sent++)
            {
                _registers.Write8(UartRegister.Data, _output[_outputFirst]);
                _outputFirst = (_outputFirst + 1) % _output.Length;
                _outputCount--;
                _bytesWritten++;
            }
        }

        if (_awaitsTransmitEmpty != _outputCount > 0)
        {
            _awaitsTransmitEmpty = _outputCount > 0;
            EnableInterrupts();
        }
    }

    private void EnableInterrupts() =>
        _registers.Write8(
            UartRegister.InterruptEnable,
            (byte)((_isHoldingInput ? 0 : UartRegister.EnableReceived) | (_awaitsTransmitEmpty ? UartRegister.EnableTransmitEmpty : 0)));

    /// <summary>Runs on a worker, outside this actor's turns, and where the driver puts off work to its next turn.</summary>
    private void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(ConsoleMessage.Interrupt());
        }
    }
}
