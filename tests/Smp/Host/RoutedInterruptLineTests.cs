using Troupe.Core.Capabilities;
using Troupe.Smp.Host;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Tests.Host;

/// <summary>A line and its vector, which is another line's as soon as it is given back.</summary>
public sealed class RoutedInterruptLineTests
{
    [Fact]
    public void AVectorIsNotGivenBackWhileItsLineIsAcknowledged()
    {
        using var acknowledging = new ManualResetEventSlim();
        using var disconnecting = new ManualResetEventSlim();
        var line = new RecordedLine();
        line.Connect(static () => { });
        line.OnEnable = () =>
        {
            acknowledging.Set();
            // Long enough for a disconnect that waits for nobody to be done.
            disconnecting.Wait();
            Thread.Sleep(100);
        };
        var acknowledge = new Thread(line.Acknowledge);
        acknowledge.Start();
        acknowledging.Wait();
        var disconnect = new Thread(() =>
        {
            disconnecting.Set();
            line.Disconnect();
        });
        disconnect.Start();
        acknowledge.Join();
        disconnect.Join();
        Assert.Equal(["open", "enable 48", "enable 48", "disable 48", "close 48"], line.Calls);
    }

    [Fact]
    public void AcknowledgingADisconnectedLineDoesNothing()
    {
        var line = new RecordedLine();
        line.Connect(static () => { });
        line.Disconnect();
        line.Acknowledge();
        Assert.Equal("close 48", line.Calls[^1]);
    }

    [Fact]
    public void ARevokedLineRefusesAllButDisconnecting()
    {
        var line = new RecordedLine();
        line.Connect(static () => { });
        line.Revoke();
        Assert.Equal("close 48", line.Calls[^1]);
        Assert.Throws<CapabilityException>(line.Acknowledge);
        Assert.Throws<CapabilityException>(() => line.Connect(static () => { }));
        line.Disconnect();
        Assert.Equal("close 48", line.Calls[^1]);
    }

    private static unsafe WorkerInterrupts Workers() => new(1, null);

    private sealed class RecordedLine() : RoutedInterruptLine(Workers())
    {
        private readonly List<string> _calls = [];

        public Action? OnEnable { get; set; }

        public string[] Calls
        {
            get
            {
                lock (_calls)
                {
                    return [.. _calls];
                }
            }
        }

        public override bool IsLevelTriggered => true;

        private protected override int Open(int processor)
        {
            Record("open");
            return WorkerBlock.FirstVector;
        }

        private protected override void Enable(int vector)
        {
            OnEnable?.Invoke();
            Record($"enable {vector}");
        }

        private protected override void Disable(int vector) => Record($"disable {vector}");

        private protected override void Close(int vector) => Record($"close {vector}");

        private void Record(string call)
        {
            lock (_calls)
            {
                _calls.Add(call);
            }
        }
    }
}
