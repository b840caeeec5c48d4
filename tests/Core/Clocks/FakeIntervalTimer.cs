namespace Troupe.Core.Tests;

/// <summary>An 8254 and port 0x61 that follow the machine's time stamp counter.</summary>
public sealed class FakeIntervalTimer
{
    private readonly FakeMachine _machine;
    private readonly ulong _frequency;
    private readonly ulong[] _startedAt = new ulong[3];
    private readonly byte[] _mode = [0x3F, 0x3F, 0x3F];
    private readonly Queue<byte>[] _latched = [new(), new(), new()];
    private readonly int[] _written = new int[3];
    private byte _control;

    public FakeIntervalTimer(FakeMachine machine, ulong timeStampFrequency, bool hasControlPort = true)
    {
        _machine = machine;
        _frequency = timeStampFrequency;
        machine.ReadPort = (port, width) => port switch
        {
            >= 0x40 and <= 0x42 => _latched[port - 0x40].TryDequeue(out byte value) ? value : 0xFFu,
            0x61 when hasControlPort => _control,
            _ => 0xFF,
        };
        machine.WritePort = (port, value) =>
        {
            if (port == 0x61 && hasControlPort)
                _control = (byte)value;
            else if (port is >= 0x40 and <= 0x42 && ++_written[port - 0x40] == 2)
                _startedAt[port - 0x40] = machine.TimeStamp;
            else if (port == 0x43)
                Command((byte)value);
        };
    }

    public bool Channel2GateIsOpen => (_control & 1) != 0;

    public List<int> LatchedChannels { get; } = [];

    private void Command(byte value)
    {
        if (value >> 6 != 3)
        {
            _mode[value >> 6] = (byte)(value & 0x3F);
            _written[value >> 6] = 0;
            return;
        }

        for (int channel = 0; channel < 3; channel++)
        {
            if ((value & (2 << channel)) == 0)
                continue;
            LatchedChannels.Add(channel);
            ulong elapsed = (ulong)((UInt128)(_machine.TimeStamp - _startedAt[channel]) * 1_193_182 / _frequency);
            bool output = elapsed >= 65536;
            int count = (int)((65536 - elapsed) & 0xFFFF);
            _latched[channel].Clear();
            _latched[channel].Enqueue((byte)(_mode[channel] | (output ? 0x80 : 0)));
            _latched[channel].Enqueue((byte)count);
            _latched[channel].Enqueue((byte)(count >> 8));
        }
    }
}
