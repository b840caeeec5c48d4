using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>What the host writes to the console port <c>org.troupe.echo</c> comes back, and the monitor is served beside it; over when the host has closed the echo so many times.</summary>
internal static class Channels
{
    private const string EchoName = "org.troupe.echo";

    internal static bool Run(int closings)
    {
        UnikernelApplication app = Unikernel.CreateBuilder([]).Build();
        app.ServeMonitorAsync().GetAwaiter().GetResult();
        if (app.GetConsoleDevicesAsync().GetAwaiter().GetResult() is not [var device])
        {
            Console.WriteLine("there is not one device with console ports");
            return false;
        }

        app.Actors.Behaviours.Register("louder", () => new Greeter("HELLO"));
        app.Actors.Spawn(new Greeter("hello"), "greeter");
        using CountdownEvent over = new(closings);
        ActorRef<ConsolePortEvent> echo = app.Actors.Spawn(new Echo(device, over), "echo");
        device.Tell(ConsolePortMessage.Attach(EchoName, new Events(echo)));
        Console.WriteLine("the channels are served");
        over.Wait();
        ConsolePortStatistics statistics = device.AskAsync<ConsolePortStatistics>(ConsolePortMessage.GetStatistics).AsTask().GetAwaiter().GetResult();
        Console.WriteLine(statistics);
        return statistics is { DeviceViolations: 0, Resets: 0, ReceiveDropped: 0, ControlIgnored: 0 };
    }

    private sealed class Events(ActorRef<ConsolePortEvent> receiver) : ConsolePortClient
    {
        protected override bool TryTell([MovesWhen(true)] in ConsolePortEvent portEvent) => receiver.TryTell(portEvent);
    }

    private sealed class Echo(ActorRef<ConsolePortMessage> device, CountdownEvent over) : Actor<ConsolePortEvent>
    {
        private ConsolePortInformation? _port;

        protected override async ValueTask ReceiveAsync(ConsolePortEvent message)
        {
            switch (message.Kind)
            {
                case ConsolePortEventKind.Opened:
                    _port = message.Port;
                    break;
                case ConsolePortEventKind.Received:
                    await device.TellAsync(ConsolePortMessage.Send(_port!, message.Octets));
                    break;
                case ConsolePortEventKind.Closed:
                    Console.WriteLine("the echo was closed");
                    over.Signal();
                    break;
                default:
                    break;
            }
        }
    }

    private sealed class Greeter(string word) : Actor<Reply<string>>
    {
        protected override ValueTask ReceiveAsync(Reply<string> message)
        {
            message.Set(word);
            return default;
        }
    }
}
