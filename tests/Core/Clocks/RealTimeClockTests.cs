using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

public sealed unsafe class RealTimeClockTests
{
    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly byte[] _registers = new byte[128];
    private byte _index;
    private int _updatingReads;

    public RealTimeClockTests()
    {
        _machine.WritePort = (port, value) =>
        {
            if (port == 0x70)
                _index = (byte)value;
        };
        _machine.ReadPort = (port, _) =>
        {
            if (port != 0x71)
                return 0xFF;
            if (_index == 0x0A && _updatingReads > 0 && --_updatingReads >= 0)
                return 0x80;
            return _registers[_index];
        };
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("1999-12-31T23:59:59Z")]
    [InlineData("2000-02-29T12:00:00Z")]
    [InlineData("2024-02-29T00:30:00Z")]
    [InlineData("2026-11-23T22:43:11Z")]
    [InlineData("2099-03-01T13:05:09Z")]
    public void EveryFormatGivesTheSameTime(string text)
    {
        DateTimeOffset time = DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        foreach (bool binary in new[] { false, true })
        {
            foreach (bool fullDay in new[] { false, true })
            {
                Set(time, binary, fullDay, century: 0x32);
                Assert.Equal(time.ToUnixTimeSeconds(), Read(0x32));
            }
        }
    }

    [Theory]
    [InlineData("2069-12-31T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    public void WithoutACenturyTheYearIsTakenFrom1970To2069(string text)
    {
        DateTimeOffset time = DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Set(time, binary: false, fullDay: true, century: 0);
        Assert.Equal(time.ToUnixTimeSeconds(), Read(0));
    }

    [Fact]
    public void AnUpdateInProgressIsWaitedFor()
    {
        Set(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), binary: false, fullDay: true, century: 0);
        _updatingReads = 100;
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).ToUnixTimeSeconds(), Read(0));
    }

    [Fact]
    public void ASecondThatPassesBetweenTheRegistersIsReadAgain()
    {
        Set(new DateTimeOffset(2026, 1, 2, 3, 4, 59, TimeSpan.Zero), binary: false, fullDay: true, century: 0);
        Func<ushort, int, uint> read = _machine.ReadPort;
        int reads = 0;
        _machine.ReadPort = (port, width) =>
        {
            uint value = read(port, width);
            if (++reads == 2) // after the status and the seconds
                Set(new DateTimeOffset(2026, 1, 2, 3, 5, 0, TimeSpan.Zero), binary: false, fullDay: true, century: 0);
            return value;
        };
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 5, 0, TimeSpan.Zero).ToUnixTimeSeconds(), Read(0));
    }

    [Fact]
    public void AMachineWithoutClockIsReported()
    {
        _machine.ReadPort = (_, _) => 0xFF;
        long seconds;
        Assert.False(RealTimeClock<FakePorts>.Read(0, &seconds));
    }

    [Theory]
    [InlineData(0x00, 0x61)] // second 61
    [InlineData(0x02, 0x5A)] // not decimal
    [InlineData(0x07, 0x00)] // day 0
    [InlineData(0x08, 0x13)] // month 13
    public void NonsenseIsRefused(int register, int value)
    {
        Set(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), binary: false, fullDay: true, century: 0);
        _registers[register] = (byte)value;
        long seconds;
        Assert.False(RealTimeClock<FakePorts>.Read(0, &seconds));
    }

    private static long Read(byte century)
    {
        long seconds;
        Assert.True(RealTimeClock<FakePorts>.Read(century, &seconds));
        return seconds;
    }

    private void Set(DateTimeOffset time, bool binary, bool fullDay, byte century)
    {
        byte Encode(int value) => (byte)(binary ? value : (value / 10 << 4) | (value % 10));
        _registers[0x00] = Encode(time.Second);
        _registers[0x02] = Encode(time.Minute);
        _registers[0x04] = fullDay
            ? Encode(time.Hour)
            : (byte)(Encode(time.Hour % 12 == 0 ? 12 : time.Hour % 12) | (time.Hour >= 12 ? 0x80 : 0));
        _registers[0x07] = Encode(time.Day);
        _registers[0x08] = Encode(time.Month);
        _registers[0x09] = Encode(time.Year % 100);
        if (century != 0)
            _registers[century] = Encode(time.Year / 100);
        _registers[0x0B] = (byte)((binary ? 4 : 0) | (fullDay ? 2 : 0));
    }
}
