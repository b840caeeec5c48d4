using System.Net.Sockets;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>Poll and Select.</summary>
internal static class WaitCases
{
    private const int Seconds = 1_000_000;

    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("wait poll of a fresh socket", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return $"{socket.Poll(0, SelectMode.SelectRead)} {socket.Poll(0, SelectMode.SelectWrite)} {socket.Poll(0, SelectMode.SelectError)}";
        })),
        ("wait poll of a connected socket", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return $"{pair.Client.Poll(0, SelectMode.SelectRead)} {pair.Client.Poll(0, SelectMode.SelectWrite)} {pair.Client.Poll(0, SelectMode.SelectError)}";
        })),
        ("wait poll wakes for octets", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<bool> polling = Task.Run(() => pair.Client.Poll(10 * Seconds, SelectMode.SelectRead));
            await Task.Delay(100);
            pair.Server.Send([1]);
            return $"{await polling}";
        }),
        ("wait poll wakes for a close", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<bool> polling = Task.Run(() => pair.Client.Poll(10 * Seconds, SelectMode.SelectRead));
            await Task.Delay(100);
            pair.Server.Close();
            return $"{await polling}";
        }),
        ("wait poll runs out of time", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return pair.Client.Poll(Seconds / 10, SelectMode.SelectRead);
        })),
        ("wait poll of a listener", async () =>
        {
            using Socket listener = Pair.Listen();
            bool before = listener.Poll(0, SelectMode.SelectRead);
            using Socket client = Pair.Tcp();
            await client.ConnectAsync(listener.LocalEndPoint!);
            return $"{before} {listener.Poll(5 * Seconds, SelectMode.SelectRead)}";
        }),
        ("wait poll after a reset", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Server.LingerState = new LingerOption(true, 0);
            pair.Server.Close();
            return $"{pair.Client.Poll(5 * Seconds, SelectMode.SelectRead)} {pair.Client.Poll(0, SelectMode.SelectError)}";
        })),
        ("wait poll of a full send buffer", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Blocking = false;
            try
            {
                while (true)
                    pair.Client.Send(new byte[100_000]);
            }
            catch (SocketException)
            {
                // Full.
            }

            bool full = pair.Client.Poll(0, SelectMode.SelectWrite);
            Task<int> reading = Task.Run(() => Pair.ReceiveAll(pair.Server, new byte[60_000_000]));
            bool later = pair.Client.Poll(10 * Seconds, SelectMode.SelectWrite);
            pair.Client.Close();
            reading.Wait();
            return $"{full} {later}";
        })),
        ("wait select finds who is ready", () => Sync(() =>
        {
            using Pair first = Pair.Connect();
            using Pair second = Pair.Connect();
            first.Server.Send([1]);
            first.Client.Poll(5 * Seconds, SelectMode.SelectRead);
            List<Socket> readable = [first.Client, second.Client];
            List<Socket> writable = [second.Client];
            Socket.Select(readable, writable, null, 5 * Seconds);
            return $"{readable.Count} {writable.Count}";
        })),
        ("wait select waits for the first", async () =>
        {
            using Pair first = Pair.Connect();
            using Pair second = Pair.Connect();
            List<Socket> readable = [first.Client, second.Client];
            Task selecting = Task.Run(() => Socket.Select(readable, null, null, 10 * Seconds));
            await Task.Delay(100);
            second.Server.Send([1]);
            await selecting;
            return $"{readable.Count} {readable.Contains(second.Client)}";
        }),
        ("wait select runs out of time", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            List<Socket> readable = [pair.Client];
            Socket.Select(readable, null, null, Seconds / 10);
            return readable.Count;
        })),
        ("wait blocked receive wakes", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<int> receiving = Task.Run(() => pair.Client.Receive(new byte[9]));
            await Task.Delay(100);
            pair.Server.Send([1, 2, 3]);
            return $"{await receiving}";
        }),
    ];
}
