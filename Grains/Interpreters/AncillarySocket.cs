using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>Receives a socket that the other end of a unix socket hands over (<c>SCM_RIGHTS</c>), which .NET has no call for.</summary>
internal static partial class AncillarySocket
{
    private const int CloseOnExec = 0x40000000; // MSG_CMSG_CLOEXEC
    private const int ControlTruncated = 0x08; // MSG_CTRUNC
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Rights = 1; // SCM_RIGHTS

    /// <summary>Takes one byte and the socket that comes with it.</summary>
    /// <exception cref="InterpreterUnavailableException">The other end hung up, or sent something else.</exception>
    public static async Task<Socket> ReceiveAsync(Socket connection, CancellationToken cancellationToken)
    {
        // Completes, taking nothing, when there is something to take.
        await connection.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
        var descriptor = Take(connection);
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    private static unsafe int Take(Socket connection)
    {
        byte data;
        var control = new Control();
        var vector = new Vector { Base = &data, Length = 1 };
        var message = new Message { Vectors = &vector, VectorCount = 1, Control = &control, ControlLength = (nuint)sizeof(Control) };
        var received = ReceiveMessage((int)connection.Handle, &message, CloseOnExec);
        if (received < 0)
            throw new InterpreterUnavailableException("A socket could not be taken over.", new Win32Exception(Marshal.GetLastPInvokeError()));
        if (received == 0 || control.Level != SocketLevel || control.Type != Rights || (message.Flags & ControlTruncated) != 0)
            throw new InterpreterUnavailableException("The supervisor handed over no socket.");
        return control.Descriptor;
    }

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static unsafe partial nint ReceiveMessage(int socket, Message* message, int flags);

    // struct iovec
    private unsafe struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    // struct msghdr, as 64-bit Linux lays it out
    private unsafe struct Message
    {
        public void* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public Control* Control;
        public nuint ControlLength;
        public int Flags;
    }

    // struct cmsghdr with one descriptor behind it
    private struct Control
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
    }
}
