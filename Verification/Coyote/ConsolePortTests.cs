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
    private static Action Hear(bool octetsFirst = false)
    {
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var host = new ConsoleModel();
                var client = new Client();
                var (driver, device) = Spawn(system, host, client, capacity: 1);
                beside[0] = () => driver.TryTell(ConsolePortMessage.Resume());
                beside[1] = () =>
                {
                    if (octetsFirst) host.Write("a");
                    host.Open();
                    if (!octetsFirst) host.Write("a");
                    host.Close();
                    host.Open();
                    host.Write("b");
                    host.Close();
                };
                return () =>
                {
                    Assert.Equal(2, client.Text.Length);
                    Assert.Equal(("ab", false), (client.Text, client.IsOpen));
                    AssertNothingAmiss(device);
                };
            },
            beside: beside);
    }

    /// <summary>Octets go there and back, by an actor.</summary>
    private static Action Echo()
    {
        var beside = new Action[1];
        return CoyoteActorHost.Run(
            system =>
            {
                var host = new ConsoleModel();
                var client = new Client();
                var (driver, device) = Spawn(system, host, client, capacity: 1);
                client.Receiver = system.Spawn(new EchoActor(driver, client), new SpawnOptions { Name = "echo", WaitsFor = [driver] });
                beside[0] = () =>
                {
                    host.Open();
                    host.Write("ab");
                    host.ReadUntil(1);
                    host.Write("c");
                    host.ReadUntil(3);
                    host.Close();
                };
                return () =>
                {
                    Assert.Equal(("abc", false), (host.Read, client.IsOpen));
                    AssertNothingAmiss(device);
                };
            },
            beside: beside);
    }

    /// <summary>A client that keeps what it hears until it has all the buffers there are, of two more octets than that.</summary>
    private static Action Hoard()
    {
        const string Text = "0123456789";
        var beside = new Action[1];
        return CoyoteActorHost.Run(
            system =>
            {
                var host = new ConsoleModel();
                var client = new Client();
                var (driver, device) = Spawn(system, host, client, capacity: 1);
                client.Receiver = system.Spawn(new Hoarder(driver, client), "hoarder");
                beside[0] = () =>
                {
                    host.Open();
                    host.Write(Text);
                };
                return () =>
                {
                    Assert.Equal(Text, client.Text);
                    AssertNothingAmiss(device);
                };
            },
            beside: beside);
    }

    /// <summary>The guest closes its end and opens it again, for another client, while the host writes.</summary>
    private static Action Change()
    {
        const string Text = "abc";
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var host = new ConsoleModel();
                var (first, second) = (new Client(), new Client());
                var (driver, device) = Spawn(system, host, first, capacity: 8);
                beside[0] = () =>
                {
                    driver.TryTell(ConsolePortMessage.Detach(first));
                    driver.TryTell(ConsolePortMessage.Attach(ConsoleModel.PortName, second));
                };
                beside[1] = () =>
                {
                    host.Open();
                    host.Write(Text);
                    host.Close();
                };
                return () =>
                {
                    var statistics = device.ReadStatistics();
                    Assert.Equal(Text.Length, first.Text.Length + second.Text.Length + statistics.ReceiveDropped);
                    Assert.Equal(0, statistics.DeviceViolations + statistics.ControlIgnored);
                    Assert.False(second.IsOpen);
                };
            },
            beside: beside);
    }

    /// <summary>The device is reset while octets go both ways. Then the driver stops: every buffer must be back in its pool.</summary>
    private static Action Reset(bool leaks = false)
    {
        var beside = new Action[1];
        return CoyoteActorHost.Run(
            system =>
            {
                var host = new ConsoleModel();
                var client = new Client();
                var (driver, device) = Spawn(system, host, client, capacity: 8);
                client.Receiver = system.Spawn(new EchoActor(driver, client, leaks), new SpawnOptions { Name = "echo", WaitsFor = [driver] });
                beside[0] = () =>
                {
                    host.Open();
                    host.Write("ab");
                    host.Reset();
                    host.Write("c");
                };
                return () =>
                {
                    Assert.True(device.IsRunning, "it has not started again");
                    Assert.True(client.IsOpen, "it has not opened again");
                    var statistics = device.ReadStatistics();
                    Assert.Equal((1L, 1L, 0L), (statistics.Resets, statistics.DeviceViolations, statistics.ControlIgnored));
                    device.Stop();
                    Assert.Equal(0, client.Pool!.RentedCount);
                    Assert.Equal(0, client.Pool.MisuseCount);
                };
            },
            beside: beside,
            time: static () => new SteppedTime());
    }

    private static (ActorRef<ConsolePortMessage> Driver, VirtioConsoleDevice Device) Spawn(ActorSystem system, ConsoleModel host, Client client, int capacity)
    {
        var device = new VirtioConsoleDevice(host.Device, host.Device.CreateArena());
        ActorRef<ConsolePortMessage> driver = system.Spawn(
            () => new VirtioConsoleDriver(device), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, Mailbox = new MailboxOptions { Capacity = capacity } });
        driver.Tell(ConsolePortMessage.Attach(ConsoleModel.PortName, client));
        return (driver, device);
    }

    private static void AssertNothingAmiss(VirtioConsoleDevice device)
    {
        var statistics = device.ReadStatistics();
        Assert.Equal((0L, 0L, 0L), (statistics.ReceiveDropped, statistics.ControlIgnored, statistics.DeviceViolations));
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
