using System.Net.Sockets;

namespace Troupe.Tools.DevelopmentAgent;

/// <summary>
/// The line to `troupe dev`. It sends: the number of behaviours and their names, the length of an assembly and the assembly, the same of its symbols.
/// It gets: the number of actors, and for each its path, its behaviour, whether it was swapped, and a text.
/// </summary>
internal sealed class AgentConnection(string socket, LiveSwapper swapper)
{
    internal void Run()
    {
        try
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(socket));
            using var stream = new NetworkStream(client);
            using var reader = new BinaryReader(stream);
            using var writer = new BinaryWriter(stream);
            while (true)
            {
                string[] behaviours = new string[reader.ReadInt32()];
                for (int index = 0; index < behaviours.Length; index++)
                    behaviours[index] = reader.ReadString();
                byte[] assembly = reader.ReadBytes(reader.ReadInt32());
                byte[] symbols = reader.ReadBytes(reader.ReadInt32());
                Answer(writer, swapper.SwapAsync(behaviours, assembly, symbols).GetAwaiter().GetResult());
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // `troupe dev` has ended, and ends this program.
        }
    }

    private static void Answer(BinaryWriter writer, List<SwappedActor> actors)
    {
        writer.Write(actors.Count);
        foreach (SwappedActor actor in actors)
        {
            writer.Write(actor.Path);
            writer.Write(actor.Behaviour);
            writer.Write(actor.Succeeded);
            writer.Write(actor.Text);
        }

        writer.Flush();
    }
}
