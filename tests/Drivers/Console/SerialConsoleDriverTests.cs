using System.Collections.Immutable;
using System.Text;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.SerialConsole;

namespace Troupe.Drivers.Tests;

public sealed class SerialConsoleDriverTests : IAsyncLifetime
{
    private static readonly SpawnOptions _restarting = new() { OnFailure = FailurePolicy.Restart };

    private readonly ActorSystem _system = new();
    private readonly Reader _reader = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.DisposeAsync().AsTask();

    [Fact]
    public async Task TypedInputReachesTheClient()
    {
        var uart = new FakeUart();
        var driver = await StartAsync(uart);
        uart.Send("hello\n"u8);
        await StatisticsAsync(driver);
        uart.Send("again\n"u8);
        Assert.Equal(12, (await StatisticsAsync(driver)).BytesRead);
        Assert.Equal("hello\nagain\n", _reader.Text);
    }

    [Fact]
    public async Task InputTypedBeforeTheDriverStartedIsNotLost()
    {
        var uart = new FakeUart();
        uart.Send("early"u8);
        await StatisticsAsync(await StartAsync(uart));
        Assert.Equal("early", _reader.Text);
    }

    [Fact]
    public async Task AFloodIsReadToItsEndThoughTheLineRisesOnce()
    {
        var uart = new FakeUart();
        var driver = await StartAsync(uart);
        var text = string.Concat(Enumerable.Range(0, 2000).Select(static number => $"{number} "));
        uart.Send(Encoding.ASCII.GetBytes(text));
        await UntilAsync(() => _reader.Text.Length == text.Length);
        Assert.Equal(text, _reader.Text);
        Assert.Equal(text.Length, (await StatisticsAsync(driver)).BytesRead);
    }

    [Fact]
    public async Task InputWithoutAClientIsDroppedAndCounted()
    {
        var uart = new FakeUart();
        var driver = _system.Spawn(() => new SerialConsoleDriver(uart.Device), _restarting);
        await StatisticsAsync(driver);
        uart.Send("nobody"u8);
        Assert.Equal(6, (await StatisticsAsync(driver)).InputDropped);
        driver.Tell(ConsoleMessage.Attach(_reader));
        // The turn that answered may still look at the device, and would find nobody to give it to.
        await StatisticsAsync(driver);
        uart.Send("somebody"u8);
        Assert.Equal(8, (await StatisticsAsync(driver)).BytesRead);
        Assert.Equal("somebody", _reader.Text);
    }

    [Fact]
    public async Task AnOverrunIsCounted()
    {
        var uart = new FakeUart();
        var driver = await StartAsync(uart);
        uart.Overrun("0123456789abcdef lost"u8);
        Assert.Equal(1, (await StatisticsAsync(driver)).InputLost);
        Assert.Equal("0123456789abcdef", _reader.Text);
    }

    [Fact]
    public async Task AClientWithoutRoomHoldsTheSenderBackAndLosesNothing()
    {
        var uart = new FakeUart();
        var driver = await StartAsync(uart);
        _reader.Room = 20;
        var text = Encoding.ASCII.GetBytes(new string('x', 100) + "end");
        uart.Send(text);
        var statistics = await StatisticsAsync(driver);
        Assert.Equal(16, statistics.BytesRead);
        Assert.Equal(0, uart.InterruptEnable);
        _reader.Room = int.MaxValue;
        driver.Tell(ConsoleMessage.Resume());
        await UntilAsync(() => _reader.Text.Length == text.Length);
        Assert.EndsWith("xend", _reader.Text, StringComparison.Ordinal);
        statistics = await StatisticsAsync(driver);
        Assert.Equal((text.Length, 0L, 0L), (statistics.BytesRead, statistics.InputDropped, statistics.InputLost));
    }

    [Fact]
    public async Task TheHostIsToldWhenInputIsWelcome()
    {
        var uart = new FakeUart();
        await StatisticsAsync(await StartAsync(uart));
        Assert.Equal([SerialConsoleDriver.ReadyForInput], uart.Transmitted);
    }

    [Fact]
    public async Task OutputGoesOutOneFifoAtATime()
    {
        var uart = new FakeUart { HoldsTransmitter = true };
        var driver = await StartAsync(uart);
        driver.Tell(ConsoleMessage.Write([.. Enumerable.Range(0, 40).Select(static value => (byte)value)]));
        for (var expected = 1; expected < 41; expected += 16)
        {
            await StatisticsAsync(driver);
            Assert.Equal(expected, uart.Transmitted.Length);
            uart.DrainTransmitter();
        }

        Assert.Equal(41, (await StatisticsAsync(driver)).BytesWritten);
        Assert.Equal(Enumerable.Range(0, 40).Select(static value => (byte)value), uart.Transmitted[1..]);
        Assert.Equal(1, uart.InterruptEnable);
    }

    [Fact]
    public async Task OutputBeyondTheQueueIsCutAndCounted()
    {
        var uart = new FakeUart { HoldsTransmitter = true };
        var driver = await StartAsync(uart);
        driver.Tell(ConsoleMessage.Write(ImmutableArray.Create(new byte[SerialConsoleDriver.OutputQueueLength + 5])));
        Assert.Equal(5, (await StatisticsAsync(driver)).OutputDropped);
    }

    [Fact]
    public async Task WithATransmitterTheDeviceIsOnlyReceivedFrom()
    {
        var uart = new FakeUart();
        var kernel = new MemoryStream();
        var driver = _system.Spawn(() => new SerialConsoleDriver(uart.Device, _reader, kernel), _restarting);
        driver.Tell(ConsoleMessage.Write([.. "out"u8]));
        uart.Send("in"u8);
        Assert.Equal(4, (await StatisticsAsync(driver)).BytesWritten);
        Assert.Equal("\u0011out", Encoding.ASCII.GetString(kernel.ToArray()));
        Assert.Equal("in", _reader.Text);
        Assert.Empty(uart.Transmitted);
        Assert.Equal(1, uart.InterruptEnable);
    }

    [Fact]
    public async Task AStoppedDriverLeavesTheDeviceQuiet()
    {
        var uart = new FakeUart();
        await StatisticsAsync(await StartAsync(uart));
        await _system.DisposeAsync();
        Assert.Equal(0, uart.InterruptEnable);
        uart.Send("late"u8);
        Assert.Empty(_reader.Text);
    }

    [Fact]
    public void AUartIsKnownByItsScratchRegister()
    {
        Assert.True(SerialConsoleDriver.IsPresent(new FakeUart()));
        Assert.False(SerialConsoleDriver.IsPresent(new FakeUart { IsAbsent = true }));
    }

    private async Task<ActorRef<ConsoleMessage>> StartAsync(FakeUart uart)
    {
        var driver = _system.Spawn(() => new SerialConsoleDriver(uart.Device, _reader), _restarting);
        await StatisticsAsync(driver);
        return driver;
    }

    /// <summary>The statistics after all that was sent before: a turn answers first and looks at the device then, so the second answer has it.</summary>
    private static async Task<ConsoleStatistics> StatisticsAsync(ActorRef<ConsoleMessage> driver)
    {
        await driver.AskAsync<ConsoleStatistics>(ConsoleMessage.GetStatistics);
        return await driver.AskAsync<ConsoleStatistics>(ConsoleMessage.GetStatistics);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }

    private sealed class Reader : ConsoleClient
    {
        private readonly Lock _lock = new();
        private readonly StringBuilder _text = new();

        public int Room { get; set; } = int.MaxValue;

        public string Text
        {
            get
            {
                lock (_lock)
                {
                    return _text.ToString();
                }
            }
        }

        public override bool TryDeliver(in ConsoleInput input)
        {
            lock (_lock)
            {
                if (_text.Length + input.Length > Room)
                {
                    return false;
                }

                for (var index = 0; index < input.Length; index++)
                {
                    _text.Append((char)input[index]);
                }

                return true;
            }
        }
    }
}
