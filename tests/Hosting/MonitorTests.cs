using System.Text;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting.HostTools;
using Troupe.Drivers.Contracts;

namespace Troupe.Hosting.Tests;

/// <summary>The monitor on a console port: lines in, answers out.</summary>
public sealed class MonitorTests
{
    [Fact]
    public void EachLineIsAnsweredInOrder() => Run(async (test, port) =>
    {
        port.Open();
        port.Write("help\nno such thing\n\n");
        await test.WhenIdle();
        Assert.StartsWith("snapshot [CHILDREN]", port.Read, StringComparison.Ordinal);
        Assert.EndsWith("ok\nerror: 'no such thing' is no command; help lists them.\nok\n", port.Read, StringComparison.Ordinal);
    });

    [Fact]
    public void ALineMayComeInPieces() => Run(async (test, port) =>
    {
        port.Open();
        port.Write("beha");
        await test.WhenIdle();
        port.Write("viours\nbehav");
        await test.WhenIdle();
        Assert.Equal("louder\nok\n", port.Read);
    });

    [Fact]
    public void ASnapshotShowsTheActors() => Run(async (test, port) =>
    {
        port.Open();
        port.Write("snapshot\n");
        await test.WhenIdle();
        Assert.Contains("greeter", port.Read, StringComparison.Ordinal);
        Assert.EndsWith("\nok\n", port.Read, StringComparison.Ordinal);
    });

    [Fact]
    public void AnActorIsSwappedByName() => Run(async (test, port) =>
    {
        port.Open();
        port.Write("swap /greeter louder\nswap /greeter quieter\nswap /nobody louder\n");
        await test.WhenIdle();
        Assert.Equal("HELLO", await test.System.Find<Reply<string>>("/greeter")!.AskAsync<string>(static reply => reply));
        var lines = port.Read.Split('\n');
        Assert.Equal("ok", lines[1]);
        Assert.StartsWith("error: No behaviour is registered as 'quieter'", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("error: No actor lives at '/nobody'", lines[3], StringComparison.Ordinal);
    });

    [Fact]
    public void ATraceIsRecordedAndRead() => Run(async (test, port) =>
    {
        port.Open();
        port.Write("trace read\ntrace start\ntrace read\ntrace stop\n");
        await test.WhenIdle();
        Assert.StartsWith("error: nothing is traced; trace start comes first.\nok\n", port.Read, StringComparison.Ordinal);
        Assert.EndsWith("\nok\nok\n", port.Read, StringComparison.Ordinal);
        Assert.Contains(" ms ", port.Read, StringComparison.Ordinal);
    });

    [Fact]
    public void ALineThatIsTooLongIsRefusedAndTheNextIsHeard() => Run(async (test, port) =>
    {
        port.Open();
        port.Write(new string('x', MonitorActor.LongestLine));
        port.Write("x\nbehaviours\n");
        await test.WhenIdle();
        Assert.Equal("error: a line has 1024 octets at most.\nlouder\nok\n", port.Read);
    });

    [Fact]
    public void AHostThatDoesNotReadHoldsItsOwnCommandsBack() => Run(async (test, port) =>
    {
        port.Open();
        port.HostReads = false;
        for (var count = 0; count < FakePort.Buffers; count++)
        {
            port.Write(string.Concat(Enumerable.Repeat("help\n", 40)));
        }

        await test.WhenIdle();
        // All but one line are where they were: in the port's buffers.
        Assert.Equal((FakePort.Buffers, FakePort.Buffers), (port.SendHeld, port.ReceiveHeld));
        for (var round = 0; port.SendHeld > 0; round++)
        {
            port.ReadAll();
            await test.WhenIdle();
        }

        Assert.Equal(40 * FakePort.Buffers, port.Read.Split("ok\n").Length - 1);
        Assert.Equal(0, port.ReceiveHeld);
    });

    [Fact]
    public void TheNextHostHearsNothingOfWhatTheLastOneAsked() => Run(async (test, port) =>
    {
        port.Open();
        port.HostReads = false;
        port.Write("help\nsnapshot\nhalf a li");
        await test.WhenIdle();
        port.Close();
        await test.WhenIdle();
        port.ReadAll();
        port.HostReads = true;
        port.Forget();
        port.Open();
        port.Write("behaviours\n");
        await test.WhenIdle();
        Assert.Equal("louder\nok\n", port.Read);
        Assert.Equal(0, port.ReceiveHeld);
    });

    private static void Run(Func<TestSystem, FakePort, Task> scenario) => TestSystem.Run(async test =>
    {
        test.System.Behaviours.Register("louder", static () => new Greeter("HELLO"));
        test.System.Spawn(new Greeter("hello"), "greeter");
        var port = new FakePort(test.System);
        await test.WhenIdle();
        await scenario(test, port);
    });

    private sealed class Greeter(string word) : Actor<Reply<string>>
    {
        protected override ValueTask ReceiveAsync(Reply<string> message)
        {
            message.Set(word);
            return default;
        }
    }

    /// <summary>A console port and its driver, of which the test is the host. The driver is an actor of the test's system, and both run on the test's thread.</summary>
    private sealed class FakePort
    {
        public const int Buffers = 2;

        private readonly FramePool _send = FramePool.Create(new FramePoolOptions { FrameCount = Buffers, FrameSize = 256, Headroom = 0 });
        private readonly FramePool _receive = FramePool.Create(new FramePoolOptions { FrameCount = Buffers, FrameSize = 2048, Headroom = 0 });
        private readonly List<byte> _read = [];
        private readonly Queue<FrameBuffer> _sent = new();
        private ConsolePortClient? _client;
        private bool _isOpen;

        public FakePort(ActorSystem system) => MonitorActor.Start(system, system.Spawn(new Driver(this), "port"));

        public bool HostReads { get; set; } = true;

        public string Read => Encoding.UTF8.GetString([.. _read]);

        public int SendHeld => _send.RentedCount;

        public int ReceiveHeld => _receive.RentedCount;

        public void Open()
        {
            _isOpen = true;
            Deliver(ConsolePortEvent.Opened(new ConsolePortInformation { Device = "fake", Name = MonitorActor.PortName, SendBuffers = _send }));
        }

        public void Close()
        {
            _isOpen = false;
            Deliver(ConsolePortEvent.Closed());
        }

        public void Forget() => _read.Clear();

        public void Write(string text)
        {
            Assert.True(_receive.TryRent(out var buffer));
            buffer.Append(Encoding.UTF8.GetBytes(text));
            Deliver(ConsolePortEvent.Received(buffer));
        }

        public void ReadAll()
        {
            while (_sent.TryDequeue(out var buffer))
            {
                _read.AddRange(buffer.Data);
                buffer.Dispose();
            }

            if (_isOpen)
            {
                Deliver(ConsolePortEvent.Sent());
            }
        }

        private void Deliver(ConsolePortEvent portEvent) => Assert.True(_client!.TryDeliver(in portEvent));

        private sealed class Driver(FakePort port) : Actor<ConsolePortMessage>
        {
            protected override ValueTask ReceiveAsync(ConsolePortMessage message)
            {
                switch (message.Kind)
                {
                    case ConsolePortMessageKind.Attach:
                        Assert.Equal(MonitorActor.PortName, message.Name);
                        ConsolePortContract.Instance.Observe(message.Client!, ConsolePortStep.Attach);
                        port._client = message.Client;
                        break;
                    case ConsolePortMessageKind.Send:
                        port._sent.Enqueue(message.Octets);
                        if (port.HostReads)
                        {
                            port.ReadAll();
                        }

                        break;
                    default:
                        break;
                }

                return default;
            }
        }
    }
}
