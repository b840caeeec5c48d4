using System.Net;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>Groups, on the loopback interface, which every host has.</summary>
internal static class GroupCases
{
    private const int Loopback = 1;

    private static readonly IPAddress _four = IPAddress.Parse("239.192.7.7");
    private static readonly IPAddress _six = IPAddress.Parse("ff12::7:7");

    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("group a member hears", () => Sync(() =>
        {
            using Socket member = Member();
            using Socket sender = Sender();
            sender.SendTo([1, 2, 3], new IPEndPoint(_four, Pair.PortOf(member)));
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            int count = member.ReceiveFrom(new byte[9], ref from);
            return $"{count} {Ipv6Cases.AddressOf(from)}";
        })),
        ("group two members hear", () => Sync(() =>
        {
            using Socket first = Member();
            using Socket second = Member(Pair.PortOf(first));
            using Socket sender = Sender();
            sender.SendTo([1, 2, 3], new IPEndPoint(_four, Pair.PortOf(first)));
            return $"{first.Receive(new byte[9])} {second.Receive(new byte[9])}";
        })),
        ("group nobody who left hears", () => Sync(() =>
        {
            using Socket member = Member();
            using Socket sender = Sender();
            member.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.DropMembership, new MulticastOption(_four, IPAddress.Loopback));
            sender.SendTo([1], new IPEndPoint(_four, Pair.PortOf(member)));
            member.ReceiveTimeout = 300;
            return Answer(() => member.Receive(new byte[9]));
        })),
        ("group of another number is not heard", () => Sync(() =>
        {
            using Socket member = Member();
            using Socket sender = Sender();
            sender.SendTo([1], new IPEndPoint(IPAddress.Parse("239.192.7.8"), Pair.PortOf(member)));
            member.ReceiveTimeout = 300;
            return Answer(() => member.Receive(new byte[9]));
        })),
        ("group on another port is not heard", () => Sync(() =>
        {
            using Socket member = Member();
            using Socket other = Member();
            using Socket sender = Sender();
            sender.SendTo([1], new IPEndPoint(_four, Pair.PortOf(other)));
            member.ReceiveTimeout = 300;
            return $"{other.Receive(new byte[9])} {Answer(() => member.Receive(new byte[9]))}";
        })),
        ("group a socket bound to the group hears", () => Sync(() =>
        {
            using Socket member = Pair.Udp();
            member.Bind(new IPEndPoint(_four, 0));
            Join(member);
            using Socket sender = Sender();
            sender.SendTo([1, 2], new IPEndPoint(_four, Pair.PortOf(member)));
            int count = member.Receive(new byte[9]);
            sender.SendTo([1], new IPEndPoint(IPAddress.Loopback, Pair.PortOf(member)));
            member.ReceiveTimeout = 300;
            return $"{count} {Answer(() => member.Receive(new byte[9]))}";
        })),
        ("group join by number", () => Sync(() =>
        {
            using Socket member = Pair.Udp();
            member.Bind(new IPEndPoint(IPAddress.Any, 0));
            member.ReceiveTimeout = 5000;
            member.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(_four, Loopback));
            using Socket sender = Sender();
            sender.SendTo([1, 2], new IPEndPoint(_four, Pair.PortOf(member)));
            return member.Receive(new byte[9]);
        })),
        ("group interface by number", () => Sync(() =>
        {
            using Socket member = Member();
            using Socket sender = Pair.Udp();
            sender.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(Loopback));
            sender.SendTo([1, 2, 3, 4], new IPEndPoint(_four, Pair.PortOf(member)));
            return member.Receive(new byte[9]);
        })),
        ("group packet information", () => Sync(() =>
        {
            using Socket member = Member();
            member.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
            using Socket sender = Sender();
            sender.SendTo([1, 2], new IPEndPoint(_four, Pair.PortOf(member)));
            SocketFlags flags = SocketFlags.None;
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            int count = member.ReceiveMessageFrom(new byte[9], ref flags, ref from, out IPPacketInformation information);
            return $"{count} {information.Address} {information.Interface}";
        })),
        ("group an interface that there is not", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(7777)));
        })),
        ("group join on an interface that there is not", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(_four, 7777)));
        })),
        ("group join on somebody else's address", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(_four, IPAddress.Parse("192.0.2.99"))));
        })),
        ("group join twice", () => Sync(() =>
        {
            using Socket member = Member();
            return Answer(() => Join(member));
        })),
        ("group join what is none", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(IPAddress.Parse("192.0.2.7"), IPAddress.Loopback)));
        })),
        ("group leave what was not joined", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.DropMembership, new MulticastOption(_four, IPAddress.Loopback)));
        })),
        ("group join of a stream", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => Join(socket));
        })),
        ("group more than a socket may join", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() =>
            {
                for (int index = 0; index < 30; index++)
                    socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(IPAddress.Parse($"239.192.8.{index}"), IPAddress.Loopback));
            });
        })),
        ("group UdpClient joins", async () =>
        {
            using UdpClient member = new(new IPEndPoint(IPAddress.Any, 0));
            member.JoinMulticastGroup(_four, IPAddress.Loopback);
            using Socket sender = Sender();
            sender.SendTo([1, 2, 3, 4, 5], new IPEndPoint(_four, Pair.PortOf(member.Client)));
            return $"{(await member.ReceiveAsync()).Buffer.Length}";
        }),
        ("group a connected sender", () => Sync(() =>
        {
            using Socket member = Member();
            using Socket sender = Sender();
            sender.Connect(_four, Pair.PortOf(member));
            sender.Send([1, 2]);
            return $"{member.Receive(new byte[9])} {Ipv6Cases.AddressOf(sender.RemoteEndPoint)}";
        })),
        // IPv6's loopback interface has no route for groups.
        ("group of IPv6 on the loopback", () => Sync(() =>
        {
            using Socket member = MemberV6();
            using Socket sender = SenderV6();
            return Answer(() => sender.SendTo([1, 2, 3], new IPEndPoint(_six, Pair.PortOf(member))));
        })),
        ("group of IPv6 on the loopback by its scope", () => Sync(() =>
        {
            using Socket sender = V6();
            return Answer(() => sender.SendTo([1, 2, 3], new IPEndPoint(IPAddress.Parse($"{_six}%{Loopback}"), 9)));
        })),
        ("group of IPv6, left by no number", () => Sync(() =>
        {
            using Socket member = MemberV6();
            return Answer(() => member.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.DropMembership, new IPv6MulticastOption(_six)));
        })),
        ("group of IPv6, join twice", () => Sync(() =>
        {
            using Socket member = MemberV6();
            return Answer(() => JoinV6(member));
        })),
        ("group of IPv6, join what is none", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(IPAddress.IPv6Loopback, Loopback)));
        })),
        ("group of IPv6, join on an interface that there is not", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(_six, 7777)));
        })),
        ("group of IPv6, leave what was not joined", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.DropMembership, new IPv6MulticastOption(_six, Loopback)));
        })),
        ("group of IPv6, the interface is read", () => Sync(() =>
        {
            using Socket sender = SenderV6();
            return $"{Ipv6Cases.Get(sender, SocketOptionName.MulticastInterface)} {Answer(() => Ipv6Cases.Set(sender, SocketOptionName.MulticastInterface, 7777))}";
        })),
        ("group of IPv6, bind without a link", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Bind(new IPEndPoint(_six, 0)));
        })),
        ("group the interface is read", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            object? before = socket.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface);
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, BitConverter.ToInt32(IPAddress.Loopback.GetAddressBytes()));
            return $"{before} {socket.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface)}";
        })),
        ("group a MulticastTimeToLive of 256", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 256));
        })),
    ];

    private static Socket Member(int port = 0)
    {
        Socket member = Pair.Udp();
        member.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        member.Bind(new IPEndPoint(IPAddress.Any, port));
        member.ReceiveTimeout = 5000;
        Join(member);
        return member;
    }

    private static void Join(Socket member) =>
        member.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(_four, IPAddress.Loopback));

    private static Socket Sender()
    {
        Socket sender = Pair.Udp();
        sender.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, BitConverter.ToInt32(IPAddress.Loopback.GetAddressBytes()));
        return sender;
    }

    private static Socket MemberV6()
    {
        Socket member = V6();
        member.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        member.ReceiveTimeout = 5000;
        JoinV6(member);
        return member;
    }

    private static void JoinV6(Socket member) =>
        member.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(_six, Loopback));

    private static Socket SenderV6()
    {
        Socket sender = V6();
        Ipv6Cases.Set(sender, SocketOptionName.MulticastInterface, Loopback);
        return sender;
    }

    private static Socket V6()
    {
        Socket socket = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        socket.DualMode = false;
        return socket;
    }
}
