using System.Text;
using Troupe.Net.Sockets;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Threads that wait for a socket by its calls, while another thread makes it ready: an event port at which the socket is registered meanwhile, a poll, and calls that block. Beside them threads that sleep without a permit,
/// which must be found.
/// </summary>
public sealed class SocketReadinessTests(ITestOutputHelper output)
{
    private const int UnixFamily = 1;
    private const int Stream = 1;
    private const int PollInput = 1;
    private const int EventWrite = 2;
    private const int Iterations = 100;

    [Fact]
    public void A_socket_registered_while_octets_arrive_is_reported() => Interleavings.Hold(output, Waiting(AwaitEvent, keepsPermit: true), iterations: Iterations);

    [Fact]
    public void A_thread_without_a_permit_misses_the_report() => Interleavings.Find(output, Waiting(AwaitEvent, keepsPermit: false), "deadlock", iterations: Iterations);

    [Fact]
    public void A_poll_sees_octets_whenever_they_arrive() => Interleavings.Hold(output, Waiting(Poll, keepsPermit: true), iterations: Iterations);

    [Fact]
    public void A_poll_without_a_permit_sleeps_on() => Interleavings.Find(output, Waiting(Poll, keepsPermit: false), "deadlock", iterations: Iterations);

    [Fact]
    public void A_blocking_receive_gets_octets_whenever_they_arrive() => Interleavings.Hold(output, Waiting(static (_, _) => { }, keepsPermit: true), iterations: Iterations);

    [Fact]
    public void A_close_ends_a_blocking_accept() => Interleavings.Hold(output, Accepting(keepsPermit: true), iterations: Iterations);

    [Fact]
    public void An_accept_without_a_permit_outlives_its_socket() => Interleavings.Find(output, Accepting(keepsPermit: false), "deadlock", iterations: Iterations);

    /// <summary>One end of a pair writes and closes while the other waits in some way and reads to the end.</summary>
    private static Action Waiting(Action<SocketCalls, nint> wait, bool keepsPermit) => () =>
    {
        var calls = Create(keepsPermit);
        var (writer, reader) = Connect(calls);
        var text = new StringBuilder();
        CoyoteWorld.Run(
            () =>
            {
                Ok(calls.Send(writer, "ab"u8, 0, out _));
                Ok(calls.Close(writer));
            },
            () =>
            {
                Span<byte> buffer = stackalloc byte[8];
                while (true)
                {
                    wait(calls, reader);
                    Ok(calls.Receive(reader, buffer, 0, out var received));
                    if (received == 0) return;
                    text.Append(Encoding.ASCII.GetString(buffer[..received]));
                }
            });
        Assert.Equal("ab", text.ToString());
    };

    private static void AwaitEvent(SocketCalls calls, nint socket)
    {
        Span<(nint Data, int Events)> events = stackalloc (nint, int)[2];
        Ok(calls.CreateEventPort(out var port));
        Ok(calls.Register(port, socket, wanted: true, data: 7));
        do
        {
            Ok(calls.WaitForEvents(port, events, out var count));
            Assert.True(count == 1 && events[0].Data == 7, $"{count} events");
        }
        while (events[0].Events == EventWrite);
        Ok(calls.Register(port, socket, wanted: false, data: 0));
        Ok(calls.CloseEventPort(port));
    }

    private static void Poll(SocketCalls calls, nint socket)
    {
        Span<(nint Descriptor, int Wanted, int Found)> entries = [(socket, PollInput, 0)];
        Ok(calls.Poll(entries, -1, out var ready));
        Assert.Equal(1, ready);
    }

    /// <summary>A thread blocks in an accept while another closes the listener.</summary>
    private static Action Accepting(bool keepsPermit) => () =>
    {
        var calls = Create(keepsPermit);
        var listener = Listen(calls);
        CoyoteWorld.Run(
            () => Assert.NotEqual(0, calls.Accept(listener, new byte[16], out _, out _)),
            () => Ok(calls.Close(listener)));
    };

    private static SocketCalls Create(bool keepsPermit)
    {
        // Sockets of this family need nothing of the network.
        var network = new SocketNetwork(null!, null!, null!, null!, new SteppedTime(), () => new CoyoteParker(keepsPermit)) { Descriptors = 16 };
        return new SocketCalls(network, 100);
    }

    private static nint Listen(SocketCalls calls)
    {
        Ok(calls.Open(UnixFamily, Stream, 0, out var listener));
        Ok(calls.Bind(listener, Name));
        Ok(calls.Listen(listener, 1));
        return listener;
    }

    private static (nint Client, nint Server) Connect(SocketCalls calls)
    {
        var listener = Listen(calls);
        Ok(calls.Open(UnixFamily, Stream, 0, out var client));
        Ok(calls.Connect(client, Name));
        Ok(calls.Accept(listener, new byte[16], out _, out var server));
        Ok(calls.Close(listener));
        return (client, server);
    }

    /// <summary>sockaddr_un: the family, and an abstract name.</summary>
    private static ReadOnlySpan<byte> Name => [1, 0, 0, (byte)'a'];

    private static void Ok(int status) => Assert.True(status == 0, $"error {status:x}");
}
