using System.Text;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Hosting.HostTools;

/// <summary>Serves <see cref="MonitorCommands"/> on one console port: a line of UTF-8 is a command, and its answer is sent before the next is looked at.</summary>
/// <remarks>What it holds is bounded: one answer, one line, and the port's buffers, which hold the host back while an answer is on its way.</remarks>
internal sealed class MonitorActor(ActorSystem system, ActorRef<ConsolePortMessage> device) : Actor<ConsolePortEvent>, IRefusesSwap
{
    /// <summary>The port's name.</summary>
    public const string PortName = "org.troupe.monitor";

    /// <summary>The longest line; of a longer one nothing is done.</summary>
    public const int LongestLine = 1024;

    private readonly MonitorCommands _commands = new(system);
    private readonly Queue<FrameBuffer> _received = new();
    private readonly byte[] _line = new byte[LongestLine];
    private FrameBuffer _current;
    private int _lineLength;
    private bool _isTooLong;
    private ConsolePortInformation? _port;
    private byte[] _answer = [];
    private int _sent;

    /// <summary>Spawns a monitor for the port of a device.</summary>
    public static void Start(ActorSystem system, ActorRef<ConsolePortMessage> device) => system.Spawn(
        () => new MonitorActor(system, device),
        new SpawnOptions { Name = $"monitor of {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [device] });

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it has its port open, and a new one would never hear of that.";

    /// <inheritdoc/>
    protected override void Started() => device.Tell(ConsolePortMessage.Attach(PortName, new PortEvents(Context.Self)));

    /// <inheritdoc/>
    protected override void Stopped() => Clear();

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(ConsolePortEvent message)
    {
        switch (message.Kind)
        {
            case ConsolePortEventKind.Opened:
                _port = message.Port;
                break;
            case ConsolePortEventKind.Closed:
                _port = null;
                Clear();
                break;
            case ConsolePortEventKind.Received:
                _received.Enqueue(message.Octets);
                break;
            case ConsolePortEventKind.None:
            case ConsolePortEventKind.Sent:
            case ConsolePortEventKind.Resized:
            default:
                break;
        }

        while (_port is not null && await TrySendAnswerAsync(_port) && TryTakeLine(out string? line))
        {
            (_answer, _sent) = (Encoding.UTF8.GetBytes(line is null ? $"error: a line has {LongestLine} octets at most.\n" : await _commands.ExecuteAsync(line)), 0);
        }
    }

    /// <summary>Sends as much of the answer as there are buffers for; true if that was all of it. The driver waits for nobody, so there is room in its mailbox soon.</summary>
    private async ValueTask<bool> TrySendAnswerAsync(ConsolePortInformation port)
    {
        while (_sent < _answer.Length)
        {
            if (!port.SendBuffers.TryRent(out FrameBuffer buffer))
                return false;
            int count = Math.Min(buffer.Tailroom, _answer.Length - _sent);
            buffer.Append(_answer.AsSpan(_sent, count));
            _sent += count;
            await device.TellAsync(ConsolePortMessage.Send(port, buffer));
        }

        _answer = [];
        _sent = 0;
        return true;
    }

    /// <summary>Takes the next whole line; null if it was too long.</summary>
    private bool TryTakeLine(out string? line)
    {
        line = null;
        while (!_current.IsNone || _received.TryDequeue(out _current))
        {
            int end = _current.Data.IndexOf((byte)'\n');
            Keep(_current.Data[..(end < 0 ? _current.Length : end)]);
            _current.TrimStart(end < 0 ? _current.Length : end + 1);
            if (_current.Length == 0)
            {
                _current.Dispose();
                _current = default;
                device.TryTell(ConsolePortMessage.Resume());
            }

            if (end >= 0)
            {
                line = _isTooLong ? null : Encoding.UTF8.GetString(_line.AsSpan(0, _lineLength));
                (_lineLength, _isTooLong) = (0, false);
                return true;
            }
        }

        return false;
    }

    private void Keep(ReadOnlySpan<byte> octets)
    {
        _isTooLong |= octets.Length > _line.Length - _lineLength;
        if (!_isTooLong)
        {
            octets.CopyTo(_line.AsSpan(_lineLength));
            _lineLength += octets.Length;
        }
    }

    private void Clear()
    {
        _current.Dispose();
        _current = default;
        while (_received.TryDequeue(out FrameBuffer buffer))
            buffer.Dispose();
        (_lineLength, _isTooLong, _answer, _sent) = (0, false, [], 0);
        device.TryTell(ConsolePortMessage.Resume());
    }
}
