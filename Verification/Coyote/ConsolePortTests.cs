using System.Text;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.VirtioConsole;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>A console port between a program of the host, which opens, writes, reads and closes whenever it wants, and its client. Beside planted bugs.</summary>
public sealed class ConsolePortTests(ITestOutputHelper output)
{
    /// <summary>A schedule has many steps: the port is announced first.</summary>
    private const uint Iterations = 50;

    [Fact]
    public void What_the_host_writes_is_heard_in_order_between_an_opening_and_a_close() => Interleavings.Hold(output, Hear(), iterations: Iterations);

    [Fact]
    public void A_device_that_sends_octets_before_it_says_that_the_port_is_open_is_found_out() => Interleavings.Find(output, Hear(octetsFirst: true), "Expected: 2", iterations: Iterations);

    [Fact]
    public void What_is_sent_back_is_read_by_the_host() => Interleavings.Hold(output, Echo(), iterations: Iterations);

    [Fact]
    public void A_client_that_does_not_read_holds_the_host_back_until_it_gives_its_buffers_back() => Interleavings.Hold(output, Hoard(), iterations: Iterations);

    [Fact]
    public void Octets_are_heard_by_one_client_or_the_next_or_counted() => Interleavings.Hold(output, Change(), iterations: Iterations);

    [Fact]
    public void A_reset_closes_and_opens_the_port_and_takes_every_buffer_back_once() => Interleavings.Hold(output, Reset(), iterations: Iterations);

    [Fact]
    public void A_buffer_that_nobody_gives_back_is_found_out() => Interleavings.Find(output, Reset(leaks: true), "Expected: 0", iterations: Iterations);

    /// <summary>The host opens the port, whether it is there or not, writes and closes it, twice.</summary>
    private static Action Hear(bool octetsFirst = false) => Run(beside: 2, capacity: 1, (port, beside) =>
    {
        beside[0] = () => port.Driver.TryTell(ConsolePortMessage.Resume());
        beside[1] = () =>
        {
            if (octetsFirst) port.Host.Write("a");
            port.Host.Open();
            if (!octetsFirst) port.Host.Write("a");
            port.Host.Close();
            port.Host.Open();
            port.Host.Write("b");
            port.Host.Close();
        };
        return () =>
        {
            Assert.Equal(2, port.Client.Text.Length);
            Assert.Equal(("ab", false), (port.Client.Text, port.Client.IsOpen));
            AssertNothingAmiss(port.Device);
        };
    });

    /// <summary>Octets go there and back, by an actor.</summary>
    private static Action Echo() => Run(beside: 1, capacity: 1, (port, beside) =>
    {
        port.SpawnEcho();
        beside[0] = () =>
        {
            port.Host.Open();
            port.Host.Write("ab");
            port.Host.ReadUntil(1);
            port.Host.Write("c");
            port.Host.ReadUntil(3);
            port.Host.Close();
        };
        return () =>
        {
            Assert.Equal(("abc", false), (port.Host.Read, port.Client.IsOpen));
            AssertNothingAmiss(port.Device);
        };
    });

    /// <summary>A client that keeps what it hears until it has all the buffers there are, of two more octets than that.</summary>
    private static Action Hoard() => Run(beside: 1, capacity: 1, static (port, beside) =>
    {
        const string Text = "0123456789";
        port.Client.Receiver = port.System.Spawn(new Hoarder(port.Driver, port.Client), "hoarder");
        beside[0] = () =>
        {
            port.Host.Open();
            port.Host.Write(Text);
        };
        return () =>
        {
            Assert.Equal(Text, port.Client.Text);
            AssertNothingAmiss(port.Device);
        };
    });

    /// <summary>The guest closes its end and opens it again, for another client, while the host writes.</summary>
    private static Action Change() => Run(beside: 2, capacity: 8, static (port, beside) =>
    {
        const string Text = "abc";
        var (first, second) = (port.Client, new Client());
        beside[0] = () =>
        {
            port.Driver.TryTell(ConsolePortMessage.Detach(first));
            port.Driver.TryTell(ConsolePortMessage.Attach(ConsoleModel.PortName, second));
        };
        beside[1] = () =>
        {
            port.Host.Open();
            port.Host.Write(Text);
            port.Host.Close();
        };
        return () =>
        {
            var statistics = port.Device.ReadStatistics();
            Assert.Equal(Text.Length, first.Text.Length + second.Text.Length + statistics.ReceiveDropped);
            Assert.Equal(0, statistics.DeviceViolations + statistics.ControlIgnored);
            Assert.False(second.IsOpen);
        };
    });

    /// <summary>The device is reset while octets go both ways. Then the driver stops: every buffer must be back in its pool.</summary>
    private static Action Reset(bool leaks = false) => Run(
        beside: 1,
        capacity: 8,
        (port, beside) =>
        {
            port.SpawnEcho(leaks);
            beside[0] = () =>
            {
                port.Host.Open();
                port.Host.Write("ab");
                port.Host.Reset();
                port.Host.Write("c");
            };
            return () =>
            {
                Assert.True(port.Device.IsRunning, "it has not started again");
                Assert.True(port.Client.IsOpen, "it has not opened again");
                var statistics = port.Device.ReadStatistics();
                Assert.Equal((1L, 1L, 0L), (statistics.Resets, statistics.DeviceViolations, statistics.ControlIgnored));
                port.Device.Stop();
                Assert.Equal(0, port.Client.Pool!.RentedCount);
                Assert.Equal(0, port.Client.Pool.MisuseCount);
            };
        },
        time: static () => new SteppedTime());

    /// <summary>A port with a client. <paramref name="begin"/> says who acts beside the actors, and answers the check of the end.</summary>
    private static Action Run(int beside, int capacity, Func<Port, Action[], Action> begin, Func<SteppedTime>? time = null)
    {
        var actions = new Action[beside];
        return CoyoteActorHost.Run(system => begin(Port.Attach(system, capacity), actions), beside: actions, time: time);
    }

    private static void AssertNothingAmiss(VirtioConsoleDevice device)
    {
        var statistics = device.ReadStatistics();
        Assert.Equal((0L, 0L, 0L), (statistics.ReceiveDropped, statistics.ControlIgnored, statistics.DeviceViolations));
    }

    /// <summary>A port that a program of the host has the other end of, its driver, and its client.</summary>
    private sealed record Port(ActorSystem System, ConsoleModel Host, VirtioConsoleDevice Device, ActorRef<ConsolePortMessage> Driver, Client Client)
    {
        public static Port Attach(ActorSystem system, int capacity)
        {
            var host = new ConsoleModel();
            var client = new Client();
            var device = new VirtioConsoleDevice(host.Device, host.Device.CreateArena());
            ActorRef<ConsolePortMessage> driver = system.Spawn(
                () => new VirtioConsoleDriver(device), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, Mailbox = new MailboxOptions { Capacity = capacity } });
            driver.Tell(ConsolePortMessage.Attach(ConsoleModel.PortName, client));
            return new Port(system, host, device, driver, client);
        }

        /// <summary>What the client hears is sent back.</summary>
        public void SpawnEcho(bool leaks = false) => Client.Receiver = System.Spawn(new EchoActor(Driver, Client, leaks), new SpawnOptions { Name = "echo", WaitsFor = [Driver] });
    }

    /// <summary>Hears of the port, and gives buffers back, or hands them to an actor.</summary>
    private sealed class Client : ConsolePortClient
    {
        private readonly object _gate = new();
        private readonly StringBuilder _text = new();

        public ActorRef<FrameBuffer>? Receiver { get; set; }

        public ConsolePortInformation? Port { get; private set; }

        public FramePool? Pool { get; private set; }

        public bool IsOpen { get; private set; }

        public string Text
        {
            get { lock (_gate) return _text.ToString(); }
        }

        protected override bool TryTell(in ConsolePortEvent portEvent)
        {
            lock (_gate)
            {
                switch (portEvent.Kind)
                {
                    case ConsolePortEventKind.Opened:
                        (Port, IsOpen) = (portEvent.Port, true);
                        break;
                    case ConsolePortEventKind.Closed:
                        IsOpen = false;
                        break;
                    case ConsolePortEventKind.Received:
                        Pool = portEvent.Octets.Pool;
                        var text = Encoding.ASCII.GetString(portEvent.Octets.Data);
                        if (Receiver is not { } receiver) portEvent.Dispose();
                        else if (!receiver.TryTell(portEvent.Octets)) return false;
                        _text.Append(text);
                        break;
                    default:
                        break;
                }

                return true;
            }
        }
    }

    private sealed class EchoActor(ActorRef<ConsolePortMessage> driver, Client client, bool leaks = false) : Actor<FrameBuffer>
    {
        protected override async ValueTask ReceiveAsync(FrameBuffer message)
        {
            if (!leaks) await driver.TellAsync(ConsolePortMessage.Send(client.Port!, message));
        }
    }

    private sealed class Hoarder(ActorRef<ConsolePortMessage> driver, Client client) : Actor<FrameBuffer>
    {
        private readonly List<FrameBuffer> _hoard = [];

        protected override ValueTask ReceiveAsync(FrameBuffer message)
        {
            _hoard.Add(message);
            if (client.Port!.SendBuffers.FrameCount > _hoard.Count) return default;
            _hoard.ForEach(static buffer => buffer.Dispose());
            _hoard.Clear();
            driver.TryTell(ConsolePortMessage.Resume());
            return default;
        }
    }
}
