using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>How connections end: half closed, closed, lingering, reset; over whatever <see cref="Pair.Over"/> says.</summary>
internal static class EndCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("end a closed peer reads as 0", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Close();
            return pair.Server.Receive(new byte[4]);
        })),
        ("end what was sent before the close arrives", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Send(new byte[1000]);
            pair.Client.Close();
            return $"{Pair.ReceiveAll(pair.Server, new byte[1000])} {pair.Server.Receive(new byte[4])}";
        })),
        ("end half closed, the other way still open", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Shutdown(SocketShutdown.Send);
            int end = pair.Server.Receive(new byte[4]);
            pair.Server.Send([1, 2]);
            return $"{end} {pair.Client.Receive(new byte[4])}";
        })),
        ("end a send after shutdown", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Shutdown(SocketShutdown.Send);
            return pair.Client.Send([1]);
        })),
        ("end a receive after shutdown", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Shutdown(SocketShutdown.Receive);
            return pair.Client.Receive(new byte[4]);
        })),
        ("end shutdown of both", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Shutdown(SocketShutdown.Both);
            return $"{pair.Server.Receive(new byte[4])} {pair.Client.Receive(new byte[4])} {Answer(() => pair.Client.Send([1]))}";
        })),
        ("end shutdown twice", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Shutdown(SocketShutdown.Send);
            pair.Client.Shutdown(SocketShutdown.Send);
            return "done";
        })),
        ("end linger 0 resets", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.LingerState = new LingerOption(true, 0);
            pair.Client.Close();
            return pair.Server.Receive(new byte[4]);
        })),
        ("end a reset is told once", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.LingerState = new LingerOption(true, 0);
            pair.Client.Close();
            return $"{Answer(() => pair.Server.Receive(new byte[4]))} {Answer(() => pair.Server.Receive(new byte[4]))}";
        })),
        ("end what arrived before a reset is given out", async () =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Send([1, 2, 3]);
            bool arrived = pair.Server.Poll(5_000_000, SelectMode.SelectRead);
            pair.Client.LingerState = new LingerOption(true, 0);
            pair.Client.Close();
            // As long as it takes the reset to arrive.
            await Task.Delay(300);
            return $"{arrived} {Answer(() => pair.Server.Receive(new byte[9]))} {Answer(() => pair.Server.Receive(new byte[9]))}";
        }),
        ("end a close with octets unread resets", () => Sync(() =>
        {
            HashSet<string> answers = [];
            for (int round = 0; round < 20; round++)
            {
                using Pair pair = Pair.Connect();
                pair.Server.Send(new byte[10]);
                bool arrived = pair.Client.Poll(5_000_000, SelectMode.SelectRead);
                pair.Client.Close();
                answers.Add($"{arrived} {Answer(() => pair.Server.Receive(new byte[4]))}");
            }

            return string.Join(' ', answers);
        })),
        ("end sends to a reset connection fail", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.LingerState = new LingerOption(true, 0);
            pair.Client.Close();
            pair.Server.Poll(5_000_000, SelectMode.SelectRead);
            return $"{Answer(() => pair.Server.Send([1]))} {Answer(() => pair.Server.Send([1]))}";
        })),
        ("end linger with a time sends the rest", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.LingerState = new LingerOption(true, 5);
            pair.Client.Send(new byte[50_000]);
            pair.Client.Close();
            return Pair.ReceiveAll(pair.Server, new byte[50_001]);
        })),
        ("end disposing wakes a blocked receive", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<string> receiving = Task.Run(() => Answer(() => pair.Client.Receive(new byte[4])));
            await Task.Delay(200);
            pair.Client.Dispose();
            return await receiving;
        }),
        ("end disposing wakes a blocked accept", async () =>
        {
            Socket listener = Pair.Listen();
            Task<string> accepting = Task.Run(() => Answer(() => listener.Accept()));
            await Task.Delay(200);
            listener.Dispose();
            return await accepting;
        }),
        ("end disposing ends an asynchronous receive", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<int> receiving = pair.Client.ReceiveAsync(new byte[4]);
            pair.Client.Dispose();
            return await AnswerAsync(async () => $"{await receiving}");
        }),
        ("end disposing ends an asynchronous accept", async () =>
        {
            Socket listener = Pair.Listen();
            Task<Socket> accepting = listener.AcceptAsync();
            listener.Dispose();
            return await AnswerAsync(async () => $"{await accepting}");
        }),
        ("end a receive is cancelled", async () =>
        {
            using Pair pair = Pair.Connect();
            using CancellationTokenSource source = new(200);
            string cancelled = await AnswerAsync(async () => $"{await pair.Client.ReceiveAsync(new byte[4], source.Token)}");
            pair.Server.Send([1, 2]);
            return $"{cancelled} {await pair.Client.ReceiveAsync(new byte[4])}";
        }),
        ("end an accept is cancelled", async () =>
        {
            using Socket listener = Pair.Listen();
            using CancellationTokenSource source = new(200);
            string cancelled = await AnswerAsync(async () => $"{await listener.AcceptAsync(source.Token)}");
            using Socket client = Pair.Tcp();
            client.Connect(listener.LocalEndPoint!);
            using Socket server = await listener.AcceptAsync();
            return $"{cancelled} {server.Connected}";
        }),
        ("end a peer that closes ends an asynchronous receive", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<int> receiving = pair.Client.ReceiveAsync(new byte[4]);
            pair.Server.Shutdown(SocketShutdown.Send);
            return $"{await receiving}";
        }),
        ("end a reset ends an asynchronous receive", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<int> receiving = pair.Client.ReceiveAsync(new byte[4]);
            pair.Server.LingerState = new LingerOption(true, 0);
            pair.Server.Close();
            return await AnswerAsync(async () => $"{await receiving}");
        }),
        ("end disconnect", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Disconnect(reuseSocket: false);
            return $"{pair.Client.Connected} {Answer(() => pair.Server.Receive(new byte[2]))}";
        })),
    ];

    /// <summary>Cases that are about ports.</summary>
    public static IEnumerable<(string, Func<Task<string>>)> OfIpv4 =>
    [
        ("end a port can be bound again at once", () => Sync(() =>
        {
            Socket first = Pair.Listen();
            int port = Pair.PortOf(first);
            using (Socket client = Pair.Tcp())
            {
                client.Connect(first.LocalEndPoint!);
                using Socket server = first.Accept();
                server.Close();
            }

            first.Close();
            using Socket second = Pair.Tcp();
            second.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port));
            second.Listen();
            return "done";
        })),
    ];
}
