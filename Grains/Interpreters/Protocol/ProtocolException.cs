namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>The other side broke the driver protocol. The message never holds what it sent.</summary>
internal sealed class ProtocolException(string message, Exception? innerException = null) : Exception(message, innerException);
